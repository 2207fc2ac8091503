import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { greater, log, mul, onesLike, sub, zerosLike } from '../elementwise/arithmetic';
import { exp, where } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { normalizeAxis } from '../../graph/shape';
import { sum } from '../reduce/sum';
import { reduced, type LossOptions } from './reduction';

export interface KlDivergenceOptions extends LossOptions {
  /** Whether the targets are logarithms too. Default false. */
  readonly logTargets?: boolean;
}

const KL_DIVERGENCE_OPTIONS: Kinds<KlDivergenceOptions> = { logTargets: 'boolean', reduction: 'string' };

/**
 * The divergence of Kullback and Leibler of targets t from predictions given as logarithms [..., C],
 * `KL(t || p) = sum_c t[c] (log t[c] - logProbabilities[c])`: one per position [...], where terms with t = 0 are 0. The
 * `mean` is over positions (`batchmean` elsewhere).
 *
 * @example
 * klDivergence(logSoftmax(student), softmax(teacher), { reduction: 'mean' });
 * @throws ShapeError unless both have one shape with an axis of classes; DTypeError unless both have one float dtype;
 *   OptionError.
 */
export function klDivergence(
  logProbabilities: Tensor,
  targets: Tensor,
  options: KlDivergenceOptions = {},
): Tensor {
  checkTensors('klDivergence', { logProbabilities, targets });
  checkKinds('klDivergence', options, KL_DIVERGENCE_OPTIONS);
  checkFloats('klDivergence', logProbabilities, targets);
  normalizeAxis('klDivergence', -1, logProbabilities.shape.length);
  checkSame('klDivergence', 'targets', targets, logProbabilities.shape);
  const isLog = options.logTargets === true;
  const present = greater(targets, isLog ? -Infinity : 0);
  // Where the target is nothing both logarithms may be infinite: they are left out before anything is made of them.
  const logs = isLog
    ? where(present, targets, zerosLike(targets))
    : log(where(present, targets, onesLike(targets)));
  const weights = isLog ? exp(targets) : targets;
  const terms = mul(weights, sub(logs, where(present, logProbabilities, zerosLike(logProbabilities))));
  return reduced('klDivergence', sum(terms, { axis: -1 }), options.reduction);
}
