export { dampenParameters, type Dampened } from './dampening';
export { diagFisher, type FisherOptions } from './diagFisher';
export type { ProbeOptions, OperatorTrace } from './estimates';
export type { CgOptions as OperatorCgOptions, InverseOptions, LissaOptions, NeumannOptions } from './inverse';
export type { Damping, KroneckerInverseOptions } from './kronecker/damping';
export { loadKronecker, saveKronecker } from './kronecker/file';
export { ekfac, kfac, type KroneckerOptions } from './kronecker/fit';
export { KroneckerOperator, type KroneckerBlock, type KroneckerDescription } from './kronecker/operator';
export {
  classifierObjective,
  selectParameters,
  type ExampleBatch,
  type ClassifierObjectiveOptions,
  type LabelOptions,
  type Labels,
  type Objective,
} from './objective';
export { DiagonalOperator, type DiagonalInverseOptions } from './operators/diagonal';
export { fisherOperator } from './operators/fisher';
export { CurvatureOperator, type BatchProducts } from './operators/operator';
export { gaussNewtonOperator, hessianOperator } from './operators/products';
export {
  extremeEigenvalues,
  largestEigenvalue,
  spectralDensity,
  type LanczosOptions as SpectrumStepOptions,
  type SpectralDensity,
  type SpectrumOptions,
} from './spectrum';
export { GradientStore, openGradients, storeGradients } from './influence/gradientStore';
export { influence, selfInfluence, type InfluenceOptions } from './influence/influence';
export { InfluenceScores, type Influential } from './influence/scores';
