import { checkOptions, OptionError } from '../../errors';
import { tensor } from '../../graph/create';
import type { FloatDType } from '../../graph/dtype';
import { checkTensors } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { cast, mul } from '../../ops/elementwise/arithmetic';
import { cos, sin } from '../../ops/elementwise/math';
import { silu } from '../../ops/elementwise/activations';
import { checkRank } from '../../ops/floats';
import { concat } from '../../ops/shape/concat';
import { expandDims } from '../../ops/shape/reshape';
import { layer, type Layer } from '../layer';
import { checkExtents } from '../layers/extents';
import { linear } from '../layers/linear';

export interface TimestepOptions {
  /** The longest period is `2 pi` times this. Default 10000. */
  readonly longestPeriod?: number;
  /** Cosines before sines, as in latent diffusion. Default true. */
  readonly cosineFirst?: boolean;
  /** Taken from the number of frequencies in their exponent: 0 in latent diffusion, 1 in DDPM. Default 0. */
  readonly frequencyShift?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

/**
 * Cosines and sines of the steps t [N] of a diffusion at `width / 2` frequencies, [N, width]:
 *
 *     frequency[i] = longestPeriod^(-i / (width / 2 - frequencyShift))
 *
 * (Vaswani et al. 2017, Ho et al. 2020). Frequencies are computed in float64 and rounded once.
 *
 * @throws OptionError for an odd width or a misspelled or impossible option; ShapeError unless t is [N].
 */
export function timestepEmbedding(t: Tensor, width: number, options: TimestepOptions = {}): Tensor {
  const where = 'timestepEmbedding';
  checkOptions(where, options, ['longestPeriod', 'cosineFirst', 'frequencyShift', 'dtype']);
  const { longestPeriod = 10_000, cosineFirst = true, frequencyShift = 0, dtype = 'float32' } = options;
  checkTensors(where, { t });
  checkRank(where, t, 1, 'steps [N]');
  const half = width / 2;
  if (!Number.isSafeInteger(half) || half < 1) {
    throw new OptionError(`${where}: an even width expected, got ${width}`);
  }
  if (!(longestPeriod > 0 && longestPeriod < Infinity) || !(half - frequencyShift > 0)) {
    throw new OptionError(
      `${where}: a positive longestPeriod and a frequencyShift below ${half} expected, got ${longestPeriod} and ${frequencyShift}`,
    );
  }
  const frequencies = Array.from({ length: half }, (_, i) => longestPeriod ** (-i / (half - frequencyShift)));
  const angles = mul(expandDims(cast(t, dtype), 1), cast(tensor(Float64Array.from(frequencies)), dtype));
  return concat(cosineFirst ? [cos(angles), sin(angles)] : [sin(angles), cos(angles)], { axis: 1 });
}

/**
 * Two layers with silu between them, for a `timestepEmbedding` [N, width]: `linear_1` [outputs, width], `linear_2`
 * [outputs, outputs].
 * @throws OptionError for a width that is no positive integer.
 */
export function timestepMlp(width: number, outputs: number): Layer {
  checkExtents('nn.timestepMlp', { width, outputs });
  return layer(
    { linear_1: linear(width, outputs), linear_2: linear(outputs, outputs) },
    ({ linear_1, linear_2 }, embedded: Tensor) => linear_2(silu(linear_1(embedded))),
  );
}
