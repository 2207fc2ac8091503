// The public surface of the package. Unlearning methods are in `palimpsest/unlearn`, tables and pages in `palimpsest/report`.

export {
  AbortedError,
  DTypeError,
  ExampleAxisError,
  FormatError,
  NotDifferentiableError,
  NotFiniteError,
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
export * from './graph';

// Operations
export * from './ops';

// Derivatives
export * from './transforms';

// Linear algebra
export * from './linalg';

// Random numbers
export * from './random';

// Models and training
export * from './nn';
export * from './models';
export * from './optim';

// Curvature
export * from './curvature';

// Edits
export * from './edits';

// Data and files
export * from './data';
export * from './io';

// Metrics
export * from './metrics';
