import { DTypeError, PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkOperands, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { broadcastShapes, extent, formatShape, normalizeAxis, sameShape, sizeOf } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { cast, full, notEqual } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { broadcastTo, sum } from '../reduce/sum';
import { reshape } from '../shape/reshape';
import { take } from './take';

const nonzeroOp = defineOp<{ count: number }>('nonzero', {
  infer: ([x], { count }) => ({ shape: [count, x.shape.length], dtype: 'int32' }),
  lower: { kernel: 'nonzero' },
  constant: true,
});

const coordinates = (x: Tensor, count: number): Tensor => single(nonzeroOp([x], { count }));

function checkMask(where: string, mask: Tensor): void {
  if (mask.dtype !== 'bool') throw new DTypeError(`${where}: a bool mask expected, got ${mask.dtype}`);
}

const countOf = (x: Tensor, options: RunOptions): Promise<number> =>
  sum(cast(x.dtype === 'bool' ? x : notEqual(x, 0), 'int32')).item(options);

/**
 * The coordinates of the elements that are not zero, int32 [count, axes], in row-major order; NaN is not zero. Their number
 * depends on the data, so it is computed first; in a compiled function `compress` takes a number that is known.
 *
 * @throws AbortedError when `signal` fires.
 */
export async function nonzero(x: Tensor, options: RunOptions = {}): Promise<Tensor> {
  checkTensors('nonzero', { x });
  return coordinates(x, await countOf(x, options));
}

/**
 * The entries of an axis where a bool mask [n] is true, of which there must be `count`: the shape is known without the data.
 * Reading it raises ERR_VALUE for another number.
 *
 * @throws ShapeError unless the mask has one entry per entry of the axis; DTypeError unless it is bool.
 */
export function compress(x: Tensor, mask: Tensor, count: number, options: CompressOptions = {}): Tensor {
  checkTensors('compress', { x, mask });
  checkKinds('compress', options, COMPRESS_OPTIONS);
  const { axis = 0 } = options;
  checkMask('compress', mask);
  const at = normalizeAxis('compress', axis, x.shape.length);
  if (!sameShape(mask.shape, [extent(x.shape, at)])) {
    throw new ShapeError(
      `compress: a mask for axis ${at} of ${formatShape(x.shape)} expected, got ${formatShape(mask.shape)}`,
    );
  }
  if (!Number.isSafeInteger(count) || count < 0)
    throw new PalimpsestError('ERR_ARGUMENT', `compress: a count is a non-negative integer, got ${count}`);
  return take(x, reshape(coordinates(mask, count), [count]), { axis: at });
}

export interface CompressOptions {
  /** The axis to thin out. Default 0. */
  readonly axis?: number;
}

const COMPRESS_OPTIONS: Kinds<CompressOptions> = { axis: 'number' };

/**
 * The entries of x where a bool mask over its leading axes is true, in row-major order: NumPy's `x[mask]`, shape
 * [count, ...the other axes]. Their number depends on the data, so the mask is computed first. Differentiable in x.
 *
 * @throws ShapeError unless the mask covers the leading axes; DTypeError unless it is bool; AbortedError when `signal` fires.
 */
export async function booleanMask(x: Tensor, mask: Tensor, options: RunOptions = {}): Promise<Tensor> {
  checkTensors('booleanMask', { x, mask });
  checkMask('booleanMask', mask);
  const depth = mask.shape.length;
  if (!sameShape(mask.shape, x.shape.slice(0, depth))) {
    throw new ShapeError(
      `booleanMask: a mask over the leading axes of ${formatShape(x.shape)} expected, got ${formatShape(mask.shape)}`,
    );
  }
  const rows = sizeOf(mask.shape);
  const flat = reshape(x, [rows, ...x.shape.slice(depth)]);
  return compress(flat, reshape(mask, [rows]), await countOf(mask, options));
}

/**
 * The elements where a bool mask is true, as one axis; the mask and x broadcast against each other, as PyTorch has it.
 * @throws as `booleanMask`.
 */
export async function maskedSelect(x: Tensor, mask: Tensor, options: RunOptions = {}): Promise<Tensor> {
  checkTensors('maskedSelect', { x, mask });
  checkMask('maskedSelect', mask);
  const shape = broadcastShapes('maskedSelect', [x.shape, mask.shape]);
  return booleanMask(broadcastTo(x, shape), broadcastTo(mask, shape), options);
}

/**
 * A value where a bool mask is true, x elsewhere; the two broadcast.
 * @throws DTypeError unless the mask is bool; ShapeError when the shapes do not broadcast.
 */
export function maskedFill(x: Tensor, mask: Tensor, value: number): Tensor {
  checkTensors('maskedFill', { x, mask });
  checkMask('maskedFill', mask);
  checkOperands('maskedFill', [value]);
  return where(mask, full([], value, x.dtype), x);
}
