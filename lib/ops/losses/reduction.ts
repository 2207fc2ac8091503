import { OptionError } from '../../errors';
import { type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { div } from '../elementwise/arithmetic';
import { mean } from '../reduce/reduce';
import { sum } from '../reduce/sum';

/**
 * What becomes of the single losses: `none` keeps them, which per-example gradients need; `mean` and `sum` make one number
 * of them all.
 */
export type Reduction = 'none' | 'mean' | 'sum';

export interface LossOptions {
  /** Default `none`: a loss per element, or per position for losses over classes. */
  readonly reduction?: Reduction;
}

export const LOSS_OPTIONS: Kinds<LossOptions> = { reduction: 'string' };

/**
 * The losses under a reduction. `count` is what the mean divides by when that is not their number.
 * @throws OptionError for an unknown reduction.
 */
export function reduced(
  where: string,
  losses: Tensor,
  reduction: Reduction = 'none',
  count?: Tensor,
): Tensor {
  switch (reduction) {
    case 'none':
      return losses;
    case 'sum':
      return sum(losses);
    case 'mean':
      return count ? div(sum(losses), count) : mean(losses);
    default:
      throw new OptionError(
        `${where}: reduction must be 'none', 'mean' or 'sum', got '${String(reduction)}'`,
      );
  }
}
