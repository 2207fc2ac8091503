import { checkFunction, checkOptions, OptionError, ShapeError } from '../errors';
import { isFloat } from '../graph/dtype';
import { sizeOf } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { cast } from '../ops/elementwise/arithmetic';
import { concat } from '../ops/shape/concat';
import { flatten, reshape } from '../ops/shape/reshape';
import { split, slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import { eye } from '../ops/shape/triangle';
import { hvp } from './hvp';
import { variablesOf, type Loss } from './grad';
import { jvp } from './jvp';
import { vjp } from './vjp';
import { vmap } from './vmap';

export interface JacobianOptions {
  /** Column by column or row by row. Default: whichever are fewer, rows when equal. */
  readonly mode?: 'forward' | 'reverse';
  /** How many columns or rows are computed at once: bounds the memory. Default: all. */
  readonly chunk?: number;
}

/**
 * The Jacobian of a function with one tensor as its value, with respect to its first argument: for every tensor of that,
 * `J[i, j] = dy_i / dx_j` with the shape of y followed by that of x.
 *
 * @example
 * const J = jacobian((x) => tanh(matmul(w, x)))(x);    // [3], [4] -> [3, 4]
 * @throws ShapeError when the value is not one float tensor; OptionError for a misspelled or impossible option.
 */
export function jacobian<X, A extends readonly unknown[]>(
  fn: (x: X, ...rest: A) => Tensor,
  options: JacobianOptions = {},
): (x: X, ...rest: A) => X {
  checkFunction('jacobian', fn);
  checkOptions('jacobian', options, ['mode', 'chunk']);
  const { mode, chunk } = options;
  const known: readonly unknown[] = ['forward', 'reverse', undefined];
  if (!known.includes(mode))
    throw new OptionError(`jacobian: mode is 'forward' or 'reverse', got '${String(mode)}'`);
  checkChunk('jacobian', chunk);
  return (x, ...rest) => {
    const only = (point: X): Tensor => oneTensor(fn(point, ...rest));
    const { value, pull } = vjp(only, x);
    const inputs = tensorsOf(x);
    const columns = inputs.reduce((total, { size }) => total + size, 0);
    const byRows = mode === undefined ? value.size <= columns : mode === 'reverse';
    if (byRows) return rowByRow(x, value, pull, chunk);
    return columnByColumn(x, value, (v) => jvp(only, x, v).tangent, chunk);
  };
}

/**
 * The Hessian of a scalar function as a matrix [n, n] over all n elements of the parameters, tensor after tensor in row-major
 * order. For small models: elsewhere use its products (`hvp`, `linearize`).
 *
 * @example
 * const H = hessian(loss)(params, x, labels);
 * @throws ShapeError when the function returns no scalar; OptionError for a misspelled or impossible option.
 */
export function hessian<P, A extends readonly unknown[]>(
  loss: Loss<P, A>,
  options: Pick<JacobianOptions, 'chunk'> = {},
): (params: P, ...rest: A) => Tensor {
  checkFunction('hessian', loss);
  checkOptions('hessian', options, ['chunk']);
  const { chunk } = options;
  checkChunk('hessian', chunk);
  return (params, ...rest) => {
    const tensors = variablesOf('hessian', params);
    const rows = inChunks(directionsLike(params), chunk, (v) =>
      joinedRows(tensorsOf(hvp(loss)(params, v, ...rest))),
    );
    const size = tensors.reduce((total, tensor) => total + tensor.size, 0);
    return reshape(rows, [size, size]);
  };
}

function checkChunk(where: string, chunk: number | undefined): void {
  if (chunk === undefined || (Number.isSafeInteger(chunk) && chunk > 0)) return;
  throw new OptionError(`${where}: chunk must be a positive integer, got ${chunk}`);
}

function oneTensor(value: unknown): Tensor {
  if (value instanceof Tensor && isFloat(value.dtype)) return value;
  throw new ShapeError('jacobian: the function must return one float tensor');
}

function rowByRow<X>(x: X, value: Tensor, pull: (seed: Tensor) => X, chunk: number | undefined): X {
  const seeds = reshape(eye(value.size, { dtype: value.dtype }), [value.size, ...value.shape]);
  const inputs = tensorsOf(x);
  const rows = inChunks(seeds, chunk, (part) => joinedRows(tensorsOf(vmap(pull)(part))));
  return withTensors(x, parted(rows, inputs, value));
}

function columnByColumn<X>(x: X, value: Tensor, push: (v: X) => Tensor, chunk: number | undefined): X {
  const columns = inChunks(directionsLike(x), chunk, (part) => flatten(vmap(push)(part), 1));
  return withTensors(x, parted(transpose(columns), tensorsOf(x), value));
}

/** Rows [m, all elements] as one Jacobian per tensor. */
function parted(rows: Tensor, inputs: readonly Tensor[], value: Tensor): Tensor[] {
  const parts = split(
    rows,
    inputs.map(({ size }) => size),
    { axis: 1 },
  );
  return parts.map((part, i) => reshape(part, [...value.shape, ...(inputs[i]?.shape ?? [])]));
}

/** [k, ...] tensors side by side, [k, all elements]. */
const joinedRows = (tensors: readonly Tensor[]): Tensor =>
  concat(
    tensors.map((tensor) => reshape(tensor, [tensor.shape[0] ?? 0, sizeOf(tensor.shape.slice(1))])),
    { axis: 1 },
  );

/** One direction per element of all tensors: the rows of the unit matrix, cut to the tensors' shapes. */
function directionsLike<X>(x: X): X {
  const tensors = tensorsOf(x);
  const size = tensors.reduce((total, tensor) => total + tensor.size, 0);
  const cuts = tensors.map((tensor) => tensor.size);
  const units = split(eye(size), cuts, { axis: 1 });
  return withTensors(
    x,
    tensors.map(({ shape, dtype }, i) => reshape(cast(units[i] as Tensor, dtype), [size, ...shape])),
  );
}

/** Calls `compute` for a bounded number of rows at a time and puts what it returns end to end. */
function inChunks<V>(rows: V, chunk: number | undefined, compute: (part: V) => Tensor): Tensor {
  const tensors = tensorsOf(rows);
  const count = tensors[0]?.shape[0] ?? 0;
  const step = Math.max(1, Math.min(chunk ?? count, count));
  const parts = Array.from({ length: Math.ceil(count / step) }, (_, i) => {
    const [from, to] = [i * step, Math.min(count, (i + 1) * step)];
    const part = tensors.map((tensor) => slice(tensor, { starts: [from], stops: [to] }));
    return compute(withTensors(rows, part));
  });
  return concat(parts);
}
