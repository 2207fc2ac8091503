// The public surface of the package. Unlearning methods are in `palimpsest/unlearn`, tables and pages in `palimpsest/report`.

export {
  AbortedError,
  DTypeError,
  ExampleAxisError,
  FormatError,
  NotDifferentiableError,
  OptionError,
  PalimpsestError,
  ShapeError,
  type ErrorCode,
} from './errors';
export {
  memory,
  resetPeakMemory,
  setMemoryLimit,
  setThreads,
  threads,
  trimMemory,
  type MemoryCounters,
} from './native';

// Tensors and programs
export { DTYPES, type AnyTypedArray, type DType, type FloatDType, type TypedArrayOf } from './graph/dtype';
export { tensor, type NestedNumbers, type TensorOptions } from './graph/create';
export { Tensor, type Progress, type RunOptions, type Spec } from './graph/tensor';
export { Parameters } from './graph/parameters';
export type { Shape } from './graph/shape';
export type { Tree } from './graph/tree';
export { evaluate } from './graph/evaluate';
export { compile, type Compiled } from './graph/compile';
export { keep, tidy } from './graph/tidy';

// Operations
export {
  add,
  cast,
  div,
  equal,
  full,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  ones,
  onesLike,
  pow,
  square,
  sub,
  zeros,
  zerosLike,
} from './ops/elementwise/arithmetic';
export {
  abs,
  ceil,
  cos,
  erf,
  exp,
  expm1,
  floor,
  isFinite,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sqrt,
  tanh,
  where,
} from './ops/elementwise/math';
export type { Operand } from './ops/elementwise/define';
export { argmax, type ArgmaxOptions } from './ops/argmax';
export { concat, stack, type ConcatOptions } from './ops/concat';
export { conv2d, conv2dInputGrad, conv2dWeightGrad, type InputGradOptions } from './ops/conv2d';
export { softmaxCrossEntropy } from './ops/crossEntropy';
export { dampen } from './ops/dampen';
export { groupNorm, type GroupNormOptions } from './ops/groupNorm';
export { identity, stopGradient } from './ops/identity';
export { arange, iota, type IotaOptions } from './ops/iota';
export { layerNorm, type LayerNormOptions } from './ops/layerNorm';
export { linear, matmul } from './ops/matmul';
export { oneHot } from './ops/oneHot';
export { pad, type PadOptions } from './ops/pad';
export { avgPool2d, maxPool2d, maxPool2dWithIndices, type PoolOptions } from './ops/pool2d';
export { productNorms, productNormsConvolution } from './ops/productNorms';
export { logSumExp, max, mean, min, variance, type VarianceOptions } from './ops/reduce';
export { expandDims, flatten, reshape } from './ops/reshape';
export { slice, split, type SliceOptions, type SplitOptions } from './ops/slice';
export { logSoftmax, softmax, type SoftmaxOptions } from './ops/softmax';
export { squareSum, squareSumConvolution } from './ops/squareSum';
export { broadcastTo, sum, sumTo, type ReduceOptions } from './ops/sum';
export { take, type TakeOptions } from './ops/take';
export { takeAlong } from './ops/takeAlong';
export { moveAxis, transpose, type Permutation } from './ops/transpose';
export { fold, unfold, type FoldOptions } from './ops/unfold';
export type { ConvolutionOptions, Pair, WindowOptions } from './ops/window';

// Derivatives
export { grad, valueAndGrad, type Loss } from './transforms/grad';
export { hvp } from './transforms/hvp';
export { jvp } from './transforms/jvp';
export { vjp } from './transforms/vjp';
export { perExample, PerExampleGradients, type ExampleLosses } from './transforms/perExample';

// Random numbers
export {
  bernoulli,
  foldKey,
  key,
  normal,
  permutation,
  randomBits,
  randomInteger,
  splitKey,
  uniform,
  type BernoulliOptions,
  type NormalOptions,
  type RandomIntegerOptions,
  type UniformOptions,
} from './random';

// Models and training
export { fanInUniform, glorotUniform, heNormal, type Fans, type WeightOptions } from './nn/init';
export { cnn, type CnnOptions } from './models/cnn';
export { mlp, type MlpOptions } from './models/mlp';
export type { InitialOptions } from './models/architecture';
export type { Model, ModelConfig } from './models/model';
export { predictor, type Predictor } from './models/predictor';
export { loadModel, saveModel, type SaveOptions } from './models/folder';
export { Ledger, type LedgerRecord, type WeightsChange } from './models/ledger';
export type { LedgerEntry } from './models/ledgerEntry';
export type { OldValues } from './models/weightChange';
export { loadLedger, writeLedger, type LoadLedgerOptions } from './models/ledgerFiles';
export { adam, adamw, type AdamOptions } from './optim/adam';
export type { Optimizer, OptimizerState, Schedule, StepOptions } from './optim/optimizer';
export {
  cosineDecay,
  linearDecay,
  stepDecay,
  withWarmup,
  type DecayOptions,
  type StepDecayOptions,
} from './optim/schedules';
export { sgd, type SgdOptions } from './optim/sgd';
export { crossEntropyLoss, train, type BatchLoss, type StopRule, type TrainOptions } from './optim/train';

// Curvature
export { dampenParameters, type Dampened } from './curvature/dampening';
export { diagFisher, type FisherOptions } from './curvature/diagFisher';

// Data and files
export { type Batch, type Batches, type BatchOptions } from './data/batches';
export { readCsv, type CsvOptions } from './data/csv';
export { readIdx, type IdxArray } from './data/idx';
export { LabeledSet, type LabeledData } from './data/labeledSet';
export { loadLabeledSet, type LoadOptions } from './data/load';
export { loadMnist, type Mnist, type MnistOptions } from './data/mnist';
export { readNpy, writeNpy } from './data/npy';
export type { WriteOptions } from './io/atomicWrite';
export type { Features, Patch } from './data/patch';
export type { HostTensor } from './io/tensorBytes';
export { readSafetensors, SafetensorsFile, type SafetensorsEntry } from './io/safetensors';
export { writeSafetensors, type SafetensorsWriteOptions } from './io/writeSafetensors';

// Metrics
export {
  accuracy,
  confusionMatrix,
  histogram,
  membershipInference,
  predictedClasses,
  predictionEntropy,
  softmaxConfidence,
  softmaxRows,
  zeroRetrainForgetting,
  type Histogram,
  type MembershipFeatures,
  type MembershipInference,
} from './metrics';
