import { OptionError, PalimpsestError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { tensor } from '../../graph/create';
import type { FloatDType } from '../../graph/dtype';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, less, mul, neg, sub } from '../elementwise/arithmetic';
import { abs } from '../elementwise/math';
import { checkRank } from '../floats';
import { iota } from '../indexing/iota';
import { reshape } from '../shape/reshape';
import { asIndices } from '../indices';
import { visibleKeys } from './plainAttention';

export interface CausalMaskOptions {
  /** Default: as many as queries. The last query belongs to the last key. */
  readonly keys?: number;
  /** How many steps back a query sees, itself included. Default: all. */
  readonly window?: number;
}

const CAUSAL_MASK_OPTIONS: Kinds<CausalMaskOptions> = { keys: 'number', window: 'number' };

/**
 * What `causal` and `window` of `attention` let a query see, as a mask: bool [queries, keys]. Attention itself is faster
 * with the options than with the mask.
 *
 * @throws OptionError for a window that is no positive integer.
 */
export function causalMask(queries: number, options: CausalMaskOptions = {}): Tensor {
  checkKinds('causalMask', options, CAUSAL_MASK_OPTIONS);
  const { keys = queries, window } = options;
  if (window !== undefined && !(Number.isSafeInteger(window) && window > 0)) {
    throw new OptionError(`causalMask: window must be a positive integer, got ${window}`);
  }
  const rule = { causal: true, window: window ?? 0, prefix: 0 };
  const mask = visibleKeys(queries, keys, rule);
  if (!mask) throw new PalimpsestError('ERR_INTERNAL', 'causalMask: a rule without a mask');
  return mask;
}

/**
 * True for the first `lengths[n]` of `steps` keys of example n: bool [N, 1, 1, steps] from int32 [N], a mask for
 * `attention` that hides padding.
 *
 * @throws ShapeError or DTypeError unless lengths are int32 [N].
 */
export function paddingMask(lengths: Tensor, steps: number): Tensor {
  checkTensors('paddingMask', { lengths });
  checkRank('paddingMask', lengths, 1, 'lengths [N]');
  const places = reshape(iota(steps), [1, 1, 1, steps]);
  return less(
    places,
    reshape(asIndices('paddingMask', lengths, steps, 'lengths'), [extent(lengths.shape, 0), 1, 1, 1]),
  );
}

/**
 * The slopes of ALiBi for so many heads: `2^(-8 (i + 1) / heads)` for a power of two, else those of the power of two
 * below and every other one of the power above, as published.
 */
export function alibiSlopes(heads: number): number[] {
  if (!Number.isSafeInteger(heads) || heads < 1) {
    throw new OptionError(`alibiSlopes: a positive number of heads expected, got ${heads}`);
  }
  const ofPower = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count));
  const below = 2 ** Math.floor(Math.log2(heads));
  const between = ofPower(2 * below).filter((_, i) => i % 2 === 0);
  return [...ofPower(below), ...between.slice(0, heads - below)];
}

export interface AlibiOptions {
  /** Gives the bias of every query by its distance, [1, H, queries, keys]. Default: one row for all, [1, H, 1, keys]. */
  readonly queries?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const ALIBI_OPTIONS: Kinds<AlibiOptions> = { queries: 'number', dtype: 'dtype' };

/**
 * The bias of attention with linear biases (Press et al. 2022): `-slope[h] |t - s|`. Without `queries` it is
 * `slope[h] (s - keys + 1)`, which differs by a number per query that the softmax cancels: the same for causal attention.
 *
 * @throws OptionError for an impossible number of heads.
 */
export function alibiBias(heads: number, keys: number, options: AlibiOptions = {}): Tensor {
  checkKinds('alibiBias', options, ALIBI_OPTIONS);
  const { queries, dtype = 'float32' } = options;
  const slopes = cast(tensor(alibiSlopes(heads), { shape: [1, heads, 1, 1], dtype: 'float64' }), dtype);
  const place = (count: number, start: number, shape: readonly number[]): Tensor =>
    reshape(iota(count, { start, dtype }), shape);
  if (queries === undefined) return mul(slopes, place(keys, 1 - keys, [1, 1, 1, keys]));
  const times = place(queries, keys - queries, [1, 1, queries, 1]);
  return mul(slopes, neg(abs(sub(times, place(keys, 0, [1, 1, 1, keys])))));
}
