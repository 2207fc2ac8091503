import { OptionError } from '../../errors';
import { checkKinds, type Kinds } from '../../graph/call';
import type { FloatDType } from '../../graph/dtype';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, div, mul, ones, sub } from '../../ops/elementwise/arithmetic';
import { sqrt, where } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { mean, variance } from '../../ops/reduce/reduce';
import { sum } from '../../ops/reduce/sum';
import { bernoulli } from '../../random/draw';
import { splitKey } from '../../random/key';
import { qr } from '../factor/qr';
import { productTA } from '../matrices';
import { sizeOfOperator, squareOperatorOf, type Linear, type LinearOperator } from './operator';

export interface TraceOptions {
  /** The random numbers. */
  readonly key: Tensor;
  /** How many products with the operator. Default 32. */
  readonly samples?: number;
  /** The length of the vectors, where the operator is a function. */
  readonly size?: number;
  /** Of the random vectors: that of the operator. Default float32. */
  readonly dtype?: FloatDType;
}

export const TRACE_OPTIONS: Kinds<TraceOptions> = {
  key: 'tensor',
  samples: 'number',
  size: 'number',
  dtype: 'dtype',
};

export interface TraceEstimate {
  /** The estimate, a lazy scalar. */
  readonly trace: Tensor;
  /** The standard error of the estimate, from the spread of the samples; NaN for a single one. */
  readonly standardError: Tensor;
}

export interface Prepared {
  readonly operator: LinearOperator;
  readonly n: number;
  readonly samples: number;
  readonly dtype: FloatDType;
}

export function prepare(where: string, a: Linear, options: TraceOptions, least: number): Prepared {
  checkKinds(where, options, TRACE_OPTIONS);
  const { samples = 32, dtype = 'float32' } = options;
  if (!Number.isSafeInteger(samples) || samples < least)
    throw new OptionError(`${where}: samples must be an integer of ${least} or more, got ${samples}`);
  const n = sizeOfOperator(where, a, options.size);
  return { operator: squareOperatorOf(where, a, n), n, samples, dtype };
}

/** Columns of random signs. */
const signs = (key: Tensor, n: number, count: number, dtype: FloatDType): Tensor =>
  where(bernoulli(key, [n, count]), ones([], dtype), mul(ones([], dtype), -1));

/** The mean of estimates, and how far it may be off. */
export function estimateOf(perSample: Tensor): TraceEstimate {
  const count = extent(perSample.shape, 0);
  const spread = variance(perSample, { correction: Math.min(1, count - 1) });
  const standardError = count > 1 ? sqrt(div(spread, count)) : mul(spread, NaN);
  return { trace: mean(perSample), standardError };
}

/**
 * An unbiased estimate of the trace of an operator from its products with random signs, `mean(z^T A z)` (Hutchinson 1990). All
 * products are made at once, so matvec gets a matrix [n, samples]. The error falls with the root of the number of samples.
 *
 * @throws OptionError for a misspelled option, fewer than one sample, or a function without a size; ShapeError unless the operator
 *   is square.
 */
export function hutchinsonTrace(a: Linear, options: TraceOptions): TraceEstimate {
  checkKinds('hutchinsonTrace', options, TRACE_OPTIONS);
  const { operator, n, samples, dtype } = prepare('hutchinsonTrace', a, options, 1);
  const z = signs(options.key, n, samples, dtype);
  return estimateOf(sum(mul(z, operator.matvec(z)), { axis: 0 }));
}

/**
 * An unbiased estimate of the diagonal [n] of an operator from its products with random signs, `mean(z o A z)` (Bekas, Kokiopoulou
 * and Saad 2007). Options and errors as for `hutchinsonTrace`.
 */
export function hutchinsonDiagonal(a: Linear, options: TraceOptions): Tensor {
  checkKinds('hutchinsonDiagonal', options, TRACE_OPTIONS);
  const { operator, n, samples, dtype } = prepare('hutchinsonDiagonal', a, options, 1);
  const z = signs(options.key, n, samples, dtype);
  return mean(mul(z, operator.matvec(z)), { axis: 1 });
}

/**
 * An unbiased estimate of the trace of a symmetric operator (Meyer, Musco, Musco and Woodruff 2021, Hutch++): a third of the
 * products finds the range of the largest eigenvalues, a third takes the trace there exactly, and a third estimates the rest. For
 * positive semidefinite operators the error falls with the number of samples itself. Options and errors as for
 * `hutchinsonTrace`, with three samples at the least; the standard error is that of the last third.
 */
export function hutchPlusPlus(a: Linear, options: TraceOptions): TraceEstimate {
  checkKinds('hutchPlusPlus', options, TRACE_OPTIONS);
  const { operator, n, samples, dtype } = prepare('hutchPlusPlus', a, options, 3);
  const third = Math.floor(samples / 3);
  const [sketchKey, restKey] = splitKey(options.key, 2);
  const width = Math.min(n, third);
  const { q } = qr(operator.matvec(signs(sketchKey, n, width, dtype)));
  const exact = sum(mul(q, operator.matvec(q)));
  const z = signs(restKey, n, third, dtype);
  const rest = sub(z, matmul(q, productTA(q, z)));
  const { trace, standardError } = estimateOf(sum(mul(rest, operator.matvec(rest)), { axis: 0 }));
  return { trace: add(exact, trace), standardError };
}
