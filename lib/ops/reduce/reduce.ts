import { DTypeError, PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { perInput } from '../../graph/flops';
import { defineOp, single, type Op } from '../../graph/op';
import { extent, formatShape, normalizeAxes, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, cast, div, equal, log, mul, square, sub, zerosLike } from '../elementwise/arithmetic';
import { exp, isFinite, sqrt, where } from '../elementwise/math';
import { inFloat32 } from '../inFloat32';
import { stopGradient } from '../shape/identity';
import { reshape } from '../shape/reshape';
import { rootOrZero } from './rootOrZero';
import { REDUCE_OPTIONS, type ReduceOptions, sum, withoutAxes } from './sum';
import { withAttributes, behindBatch } from '../batchAxes';

interface Axes {
  readonly axes: readonly number[];
}

/** max and min: they differ in the kernel alone. */
function defineExtreme(name: 'max' | 'min'): Op<Axes> {
  return defineOp<Axes>(name, {
    infer: ([x], { axes }) => ({
      shape: x.shape.map((own, axis) => (axes.includes(axis) ? 1 : own)),
      dtype: x.dtype,
    }),
    lower: { kernel: name, attributes: ({ axes }) => axes },
    flops: perInput(1),
    // y = sum_i s_i x_i with s = 1/k at the k equal extremes and 0 elsewhere.
    vjp: ([g], [x], [y], { axes }) => [mul(g, shares(x, y, axes))],
    jvp: ([dx], [x], [y], { axes }) => [
      dx && sum(mul(dx, shares(x, y, axes)), { axis: axes, keepDims: true }),
    ],
    batch: withAttributes(behindBatch),
    example: {
      axis: ({ first, attributes: { axes }, mixes }) =>
        axes.includes(first.axis) ? mixes('it compares examples with each other') : first,
      through: ({ site, inputs: [x], outputs: [y], attributes: { axes } }) =>
        site.kind === 'dense' ? { kind: 'dense', values: mul(site.values, shares(x, y, axes)) } : null,
    },
  });
}

function shares(x: Tensor, y: Tensor, axes: readonly number[]): Tensor {
  const marks = cast(equal(x, y), x.dtype);
  return div(marks, sum(marks, { axis: axes, keepDims: true }));
}

const extreme =
  (name: 'max' | 'min') =>
  (op: Op<Axes>): ((x: Tensor, options?: ReduceOptions) => Tensor) =>
  (x, options = {}) => {
    checkTensors(name, { x });
    checkKinds(name, options, REDUCE_OPTIONS);
    const { axis, keepDims = false } = options;
    const axes = normalizeAxes(name, axis, x.shape.length);
    const kept = withoutAxes(x.shape, axes);
    if (x.size === 0 && sizeOf(kept) > 0) {
      throw new ShapeError(
        `${name}: an axis with elements expected, got axes [${axes.join(', ')}] of ${formatShape(x.shape)}`,
      );
    }
    const reduced = axes.length === 0 ? x : single(op([x], { axes }));
    return keepDims ? reduced : reshape(reduced, kept);
  };

/**
 * The largest element over some axes (all by default); NaN where there is one. Equal ones share the gradient.
 * @throws ShapeError for an empty axis.
 */
export const max = extreme('max')(defineExtreme('max'));

/**
 * The smallest element over some axes (all by default); NaN where there is one. Equal ones share the gradient.
 * @throws ShapeError for an empty axis.
 */
export const min = extreme('min')(defineExtreme('min'));

const countOf = (shape: Shape, axes: readonly number[]): number =>
  sizeOf(axes.map((axis) => extent(shape, axis)));

function checkFloat(where: string, x: Tensor): void {
  if (!isFloat(x.dtype)) throw new DTypeError(`${where}: floats expected, got ${x.dtype}; cast it first`);
}

/** Integers and bools become float32 before they are averaged. */
const asFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, 'float32'));

/** The mean over some axes (all by default): `sum(x) / n`. NaN over an empty axis. Integers and bool give float32. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors('mean', { x });
  checkKinds('mean', options, REDUCE_OPTIONS);
  const count = countOf(x.shape, normalizeAxes('mean', options.axis, x.shape.length));
  return inFloat32((numbers) => div(sum(numbers, options), count), asFloat(x));
}

export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the count: 1 for the unbiased estimate. Default 0. */
  readonly correction?: number;
}

const VARIANCE_OPTIONS: Kinds<VarianceOptions> = { ...REDUCE_OPTIONS, correction: 'number' };

/**
 * The variance over some axes (all by default): `sum((x - mean)^2) / (n - correction)`, in two passes. Integers and bool give
 * float32.
 * @throws PalimpsestError ERR_ARGUMENT for a correction that is negative or not finite.
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  checkTensors('variance', { x });
  checkKinds('variance', options, VARIANCE_OPTIONS);
  return inFloat32((numbers) => wideVariance('variance', numbers, options), asFloat(x));
}

function wideVariance(
  where: string,
  x: Tensor,
  { axis, keepDims = false, correction = 0 }: VarianceOptions,
): Tensor {
  if (!(correction >= 0 && correction < Infinity)) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `${where}: a correction of 0 or more expected, got ${correction}`,
    );
  }
  const axes = normalizeAxes(where, axis, x.shape.length);
  const centred = sub(x, mean(x, { axis: axes, keepDims: true }));
  return div(
    sum(square(centred), { axis: axes, keepDims }),
    Math.max(0, countOf(x.shape, axes) - correction),
  );
}

/**
 * The standard deviation over some axes (all by default), the root of `variance`. Its gradient is zero where all elements are
 * equal, as that of a norm is.
 * @throws PalimpsestError ERR_ARGUMENT for a correction that is negative or not finite.
 */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  checkTensors('std', { x });
  checkKinds('std', options, VARIANCE_OPTIONS);
  return inFloat32((numbers) => rootOrZero(wideVariance('std', numbers, options), sqrt), asFloat(x));
}

/**
 * `log(sum(exp(x)))` over some axes (all by default) without overflow: the largest element is taken out first. Its
 * gradient is the softmax.
 */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors('logSumExp', { x });
  checkKinds('logSumExp', options, REDUCE_OPTIONS);
  checkFloat('logSumExp', x);
  return inFloat32((numbers) => wideLogSumExp(numbers, options), x);
}

function wideLogSumExp(x: Tensor, { axis, keepDims = false }: ReduceOptions): Tensor {
  const axes = normalizeAxes('logSumExp', axis, x.shape.length);
  if (axes.length === 0) return x;
  const largest = max(stopGradient(x), { axis: axes, keepDims: true });
  // Infinities are not taken out: their difference from themselves is NaN.
  const shift = where(isFinite(largest), largest, zerosLike(largest));
  const total = add(log(sum(exp(sub(x, shift)), { axis: axes, keepDims: true })), shift);
  return keepDims ? total : reshape(total, withoutAxes(x.shape, axes));
}
