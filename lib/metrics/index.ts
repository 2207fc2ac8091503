export { accuracy, predictedClasses } from './accuracy';
export { confusionMatrix } from './confusionMatrix';
export { histogram, type Histogram } from './histogram';
export {
  membershipInference,
  type MembershipFeatures,
  type MembershipInference,
} from './membershipInference';
export { predictionEntropy } from './predictionEntropy';
export { softmaxConfidence, softmaxRows } from './softmax';
export { zeroRetrainForgetting } from './zeroRetrainForgetting';
