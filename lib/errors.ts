/** Stable codes of every error this package throws. */
export type ErrorCode =
  | 'ERR_ABORTED'
  | 'ERR_ARGUMENT'
  | 'ERR_BUFFER'
  | 'ERR_CLOSED'
  | 'ERR_DISPOSED'
  | 'ERR_DTYPE'
  | 'ERR_EXAMPLE_AXIS'
  | 'ERR_FORMAT'
  | 'ERR_HANDLE'
  | 'ERR_INDEX'
  | 'ERR_INTERNAL'
  | 'ERR_IO'
  | 'ERR_NOT_DIFFERENTIABLE'
  | 'ERR_NOT_EVALUATED'
  | 'ERR_NOT_FINITE'
  | 'ERR_NOT_POSITIVE_DEFINITE'
  | 'ERR_NO_CONVERGENCE'
  | 'ERR_OPTION'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_PARAMETER'
  | 'ERR_PROGRAM'
  | 'ERR_SHAPE'
  | 'ERR_SINGULAR'
  | 'ERR_SIZE'
  | 'ERR_VALUE';

/**
 * The base of all errors of this package. The message says where, what was expected and what came; `code` is stable
 * across versions, so programs decide by it and never by the text.
 */
export class PalimpsestError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Shapes that do not fit together. */
export class ShapeError extends PalimpsestError {
  constructor(message: string) {
    super('ERR_SHAPE', message);
  }
}

/** A data type that the operation does not take, or two that differ where they must agree. */
export class DTypeError extends PalimpsestError {
  constructor(message: string) {
    super('ERR_DTYPE', message);
  }
}

/** A misspelled, missing or out-of-range option. */
export class OptionError extends PalimpsestError {
  constructor(message: string) {
    super('ERR_OPTION', message);
  }
}

/** The run was cancelled through its `AbortSignal`; nothing was changed. */
export class AbortedError extends PalimpsestError {
  constructor(message = 'the run was aborted', options?: ErrorOptions) {
    super('ERR_ABORTED', message, options);
  }
}

/** An operation that mixes examples, where per-example results were asked for. */
export class ExampleAxisError extends PalimpsestError {
  constructor(message: string) {
    super('ERR_EXAMPLE_AXIS', message);
  }
}

/** A derivative was asked of an operation that has none. */
export class NotDifferentiableError extends PalimpsestError {
  constructor(message: string) {
    super('ERR_NOT_DIFFERENTIABLE', message);
  }
}

/** A loss or a parameter that became NaN or infinite in the course of a run; what went in is unchanged. */
export class NotFiniteError extends PalimpsestError {
  constructor(message: string) {
    super('ERR_NOT_FINITE', message);
  }
}

/** A file that is not what it should be. */
export class FormatError extends PalimpsestError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_FORMAT', message, options);
  }
}

const CLASSES = {
  ERR_SHAPE: ShapeError,
  ERR_DTYPE: DTypeError,
  ERR_OPTION: OptionError,
  ERR_ABORTED: AbortedError,
  ERR_FORMAT: FormatError,
} as const;

/** Turns what the native side threw, a plain error with a code, into one of our classes. */
export function fromNative(error: unknown): Error {
  // By its looks: an error of another context is no `instanceof Object` of this one.
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) {
    return error instanceof Error ? error : new PalimpsestError('ERR_INTERNAL', String(error));
  }
  const { code, message } = error as { code: ErrorCode; message: string };
  const known = CLASSES[code as keyof typeof CLASSES] as
    (new (message: string) => PalimpsestError) | undefined;
  return known ? new known(message) : new PalimpsestError(code, message);
}

/** The entry of `names` nearest to `name` by edit distance, when it is near enough to be a slip of the hand. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  if (typeof name !== 'string') return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** @throws PalimpsestError ERR_ARGUMENT for what is no function, which only JavaScript callers can give. */
export function checkFunction(where: string, value: unknown, what = 'a function'): void {
  if (typeof value === 'function') return;
  throw unexpected(where, what, value);
}

/** Whether it is an array; no guard, for what the compiler takes for an array already. */
export const isList = (value: unknown): boolean => Array.isArray(value);

/** What came instead, for an error. */
export function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  // Objects without a prototype have no constructor.
  const made = (value as { readonly constructor?: { readonly name?: string } }).constructor?.name;
  return made === undefined || made === '' || made === 'Object' ? 'an object' : `an object of class ${made}`;
}

/** The error for an argument that is something else, which only JavaScript callers can give: ERR_ARGUMENT. */
export const unexpected = (where: string, what: string, value: unknown): PalimpsestError =>
  new PalimpsestError('ERR_ARGUMENT', `${where}: ${what} expected, got ${describe(value)}`);

/** @throws OptionError unless it is an object with parts of its own: options, or what else is called so. */
export function checkRecord(where: string, record: unknown, what = 'the options'): void {
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) return;
  throw new OptionError(`${where}: ${what} must be an object, got ${describe(record)}`);
}

/** Throws `OptionError` for the first key of `options` that is not among `known`, naming the near one. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  checkRecord(where, options);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? `known options: ${known.join(', ')}` : `did you mean '${near}'?`;
    throw new OptionError(`${where}: unknown option '${key}'; ${hint}`);
  }
}
