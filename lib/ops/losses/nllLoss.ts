import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { neg, zerosLike } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { checkFloats } from '../floats';
import { asIndices } from '../indices';
import { takeAlong } from '../indexing/takeAlong';
import { expandDims, reshape } from '../shape/reshape';
import { checkIgnored, checkLabels, countedLabels, countOf, IGNORED_LABEL } from './labels';
import { reduced, type LossOptions } from './reduction';

export interface NllLossOptions extends LossOptions {
  /** Positions with this label have loss 0, and the mean leaves them out. Default -100, as in PyTorch. */
  readonly ignoreIndex?: number;
}

const NLL_LOSS_OPTIONS: Kinds<NllLossOptions> = { ignoreIndex: 'number', reduction: 'string' };

/**
 * The negative log-likelihood of int32 labels [...] under log-probabilities [..., C], `loss = -logProbabilities[label]`:
 * one per position. `softmaxCrossEntropy` does this and `logSoftmax` in one pass.
 *
 * @throws ShapeError unless labels have the shape of the log-probabilities but for the classes; DTypeError unless these are
 *   floats and labels int32; OptionError for a misspelled or impossible option.
 */
export function nllLoss(logProbabilities: Tensor, targets: Tensor, options: NllLossOptions = {}): Tensor {
  checkTensors('nllLoss', { logProbabilities, targets });
  checkKinds('nllLoss', options, NLL_LOSS_OPTIONS);
  const { ignoreIndex = IGNORED_LABEL, reduction } = options;
  checkIgnored('nllLoss', ignoreIndex);
  checkFloats('nllLoss', logProbabilities);
  const labels = asIndices('nllLoss', targets, logProbabilities.shape.at(-1) ?? 0, 'labels');
  checkLabels('nllLoss', logProbabilities, labels);
  const { counted, safe } = countedLabels(labels, ignoreIndex);
  const hit = reshape(takeAlong(logProbabilities, expandDims(safe, -1)), labels.shape);
  const losses = where(counted, neg(hit), zerosLike(hit));
  return reduced(
    'nllLoss',
    losses,
    reduction,
    reduction === 'mean' ? countOf(labels, ignoreIndex, losses) : undefined,
  );
}
