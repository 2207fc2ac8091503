export { PerExampleGradients } from './gradients';
export type { WeightSharing } from './kroneckerFactors';
export { perExample, type ExampleLosses } from './perExample';
