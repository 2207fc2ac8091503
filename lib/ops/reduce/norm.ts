import { PalimpsestError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { normalizeAxes } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, pow, square } from '../elementwise/arithmetic';
import { abs, sqrt } from '../elementwise/math';
import { checkFloats } from '../floats';
import { inFloat32 } from '../inFloat32';
import { countNonzero } from './logical';
import { max, min } from './reduce';
import { rootOrZero } from './rootOrZero';
import { sum, type ReduceOptions } from './sum';

export interface NormOptions extends ReduceOptions {
  /** Which norm: 2 (default), 1, Infinity, -Infinity (the smallest magnitude), 0 (how many are not zero), or any power. */
  readonly order?: number;
}

const NORM_OPTIONS: Kinds<NormOptions> = { order: 'number', axis: 'numbers', keepDims: 'boolean' };

/**
 * The norm over some axes (all by default), as of one long vector: `(sum |x|^order)^(1 / order)`. Its gradient at zero is zero for
 * orders of 1 and more.
 *
 * @throws PalimpsestError ERR_ARGUMENT for an order that is not a number; DTypeError for other than floats.
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  checkTensors('norm', { x });
  checkKinds('norm', options, NORM_OPTIONS);
  checkFloats('norm', x);
  return inFloat32((numbers) => wideNorm(numbers, options), x);
}

function wideNorm(x: Tensor, { order = 2, ...options }: NormOptions): Tensor {
  normalizeAxes('norm', options.axis, x.shape.length);
  if (Number.isNaN(order))
    throw new PalimpsestError('ERR_ARGUMENT', 'norm: the order must be a number, got NaN');
  if (order === 2) return rootOrZero(sum(square(x), options), sqrt);
  if (order === 1) return sum(abs(x), options);
  if (order === Infinity) return max(abs(x), options);
  if (order === -Infinity) return min(abs(x), options);
  if (order === 0) return cast(countNonzero(x, options), x.dtype);
  return rootOrZero(
    sum(
      rootOrZero(abs(x), (a) => pow(a, order)),
      options,
    ),
    (total) => pow(total, 1 / order),
  );
}
