import { DTypeError, ShapeError } from '../../errors';
import { tensor } from '../../graph/create';
import { extent, formatShape, sameShape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import type { RotaryTables } from '../../ops/attention';
import { rotaryFrequencies, type RotaryScaling } from '../../ops/attention/rotaryFrequencies';
import { add, cast, maximum, mul, notEqual } from '../../ops/elementwise/arithmetic';
import { cos, sin } from '../../ops/elementwise/math';
import { asIndices } from '../../ops/indices';
import { iota } from '../../ops/indexing/iota';
import { cumsum } from '../../ops/scan';
import { expandDims, reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { cachedSteps, type ModelInputs, type TokenInputs } from '../inputs';
import type { RotaryRule } from './description';

/** The inputs of a call, checked: N texts of T steps after S that are cached. */
export interface Steps {
  readonly inputs: TokenInputs;
  readonly ids: Tensor;
  readonly examples: number;
  /** T */
  readonly steps: number;
  /** S + T */
  readonly allSteps: number;
  /** int32 [T] or [N, T] */
  readonly positions: Tensor;
  /** bool [N, 1, 1, S + T]; without padding there is none. */
  readonly seen: Tensor | undefined;
}

/** @throws ShapeError, DTypeError or PalimpsestError ERR_ARGUMENT, saying what does not fit. */
export function stepsOf(where: string, given: ModelInputs, vocabulary: number): Steps {
  const inputs = given instanceof Tensor ? { inputIds: given } : given;
  if (!('inputIds' in inputs)) {
    throw new ShapeError(
      `${where}: token ids expected, a tensor or { inputIds }, got { ${Object.keys(inputs).join(', ')} }`,
    );
  }
  const { inputIds, attentionMask, positionIds, cache } = inputs;
  const [examples, steps] = inputIds.shape;
  if (examples === undefined || steps === undefined || inputIds.shape.length !== 2) {
    throw new ShapeError(`${where}: inputIds [N, T] expected, got ${formatShape(inputIds.shape)}`);
  }
  const allSteps = cachedSteps(cache) + steps;
  const ids = asIndices(where, inputIds, vocabulary, 'inputIds');
  if (positionIds && !sameShape(positionIds.shape, inputIds.shape)) {
    throw new ShapeError(
      `${where}: positionIds ${formatShape(inputIds.shape)} expected, as the ids, got ${formatShape(positionIds.shape)}`,
    );
  }
  const kept = attentionMask && keptSteps(where, attentionMask, examples, allSteps);
  const positions = positionIds
    ? asIndices(where, positionIds, allSteps, 'positionIds')
    : kept
      ? countedFrom(kept, allSteps - steps)
      : iota(steps, { start: allSteps - steps });
  const seen = kept && reshape(kept, [examples, 1, 1, allSteps]);
  return { inputs, ids, examples, steps, allSteps, positions, seen };
}

/** True where there is a token, bool [N, S + T]. */
function keptSteps(where: string, mask: Tensor, examples: number, allSteps: number): Tensor {
  if (!sameShape(mask.shape, [examples, allSteps])) {
    throw new ShapeError(
      `${where}: attentionMask ${formatShape([examples, allSteps])} expected, cached steps included, ` +
        `got ${formatShape(mask.shape)}`,
    );
  }
  if (mask.dtype === 'bool') return mask;
  if (mask.dtype === 'int32' || mask.dtype === 'int64' || mask.dtype === 'uint8') return notEqual(mask, 0);
  throw new DTypeError(`${where}: an attentionMask of integers or bool expected, got ${mask.dtype}`);
}

/** Tokens before each, padding not counted; padding on the left gets 0. */
function countedFrom(kept: Tensor, cached: number): Tensor {
  const counted = maximum(add(cumsum(cast(kept, 'int32'), { axis: 1 }), -1), 0);
  return cached === 0
    ? counted
    : slice(counted, { starts: [0, cached], stops: [extent(kept.shape, 0), extent(kept.shape, 1)] });
}

/**
 * Cosines and sines for these positions, [T, R] or [N, T, R]: angles are made in float32 (float64 for such models), as `transformers`
 * does, so that any position has a row and the tables cost nothing between calls.
 */
export function rotaryTablesAt(
  { positions, allSteps }: Steps,
  rule: RotaryRule,
  dtype: Tensor['dtype'],
): RotaryTables {
  const wide = dtype === 'float64' ? 'float64' : 'float32';
  const { scaling, factor = 1 } = scalingAt(rule, allSteps);
  const frequencies = tensor(new Float64Array(rotaryFrequencies(rule.width, scaling.base, scaling.rule)));
  const angles = mul(expandDims(cast(positions, wide), -1), cast(frequencies, wide));
  const table = (x: Tensor): Tensor => {
    const scaled = factor === 1 ? x : mul(x, factor);
    return dtype === wide ? scaled : cast(scaled, dtype);
  };
  return { cos: table(cos(angles)), sin: table(sin(angles)) };
}

interface ScalingNow {
  readonly scaling: { readonly base: number; readonly rule?: RotaryScaling };
  readonly factor?: number;
}

/** What holds for so many steps: some rules depend on the length of the text. */
function scalingAt(
  { base, width, scaling, tableFactor, dynamic, long }: RotaryRule,
  steps: number,
): ScalingNow {
  const factor = tableFactor === undefined ? {} : { factor: tableFactor };
  if (dynamic) {
    // The base grows with the text, from the length of training on.
    const stretch =
      (dynamic.factor * Math.max(steps, dynamic.originalSteps)) / dynamic.originalSteps -
      (dynamic.factor - 1);
    return { scaling: { base: base * stretch ** (width / (width - 2)) }, ...factor };
  }
  if (long) {
    const factors = steps > long.originalSteps ? long.longFactors : long.shortFactors;
    return { scaling: { base, rule: { type: 'factors', factors } }, ...factor };
  }
  return { scaling: { base, ...(scaling ? { rule: scaling } : {}) }, ...factor };
}
