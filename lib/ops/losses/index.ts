export { softmaxCrossEntropy } from './softmaxCrossEntropy';
