export { dampenParameters, type Dampened } from './dampening';
export { diagFisher, type FisherOptions } from './diagFisher';
