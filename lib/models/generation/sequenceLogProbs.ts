import { PalimpsestError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { checkParameters, type Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, neg, notEqual } from '../../ops/elementwise/arithmetic';
import { softmaxCrossEntropy } from '../../ops/losses/softmaxCrossEntropy';
import { sum } from '../../ops/reduce/sum';
import { slice } from '../../ops/shape/slice';
import type { TokenInputs } from '../inputs';
import type { LanguageModel } from './languageModel';

/** Lazy, and functions of the parameters like any other: losses are made of them. */
export interface SequenceLogProbs {
  /** The log-probability of every text's labels, [N]. */
  readonly sums: Tensor;
  /** How many labels each has, [N]: for means. */
  readonly counts: Tensor;
  /** Of every label, [N, T - 1]; 0 where there is none. */
  readonly tokens: Tensor;
}

/**
 * The log-probabilities of texts in one batched call:
 *
 *     sums[n] = sum_t log p(labels[n, t] | inputIds[n, < t]),   over labels that are not -100
 *
 * Labels stand where their tokens do, as `encodeBatch` makes them; the first of a row is not predicted.
 *
 * @example
 * const { inputIds, attentionMask, labels } = tokenizer.encodeBatch([{ prompt, answer }], { labels: true });
 * const { sums } = sequenceLogProbs(model, model.parameters, { inputIds, attentionMask }, labels);
 */
export function sequenceLogProbs(
  model: LanguageModel,
  parameters: Parameters,
  inputs: TokenInputs,
  labels: Tensor,
): SequenceLogProbs {
  checkParameters('sequenceLogProbs', parameters);
  checkTensors('sequenceLogProbs', { inputIds: inputs.inputIds, labels });
  const { logits } = model.outputs(parameters, inputs);
  if (!logits) throw new PalimpsestError('ERR_ARGUMENT', 'sequenceLogProbs: a model with logits expected');
  const [rows, steps] = [extent(logits.shape, 0), extent(logits.shape, 1)];
  const before = slice(logits, {
    starts: [0, 0, 0],
    stops: [rows, Math.max(steps - 1, 0), extent(logits.shape, 2)],
  });
  const next = slice(labels, { starts: [0, Math.min(1, steps)], stops: [rows, steps] });
  const tokens = neg(softmaxCrossEntropy(before, next));
  const counts = sum(cast(notEqual(next, -100), tokens.dtype), { axis: 1 });
  return { sums: sum(tokens, { axis: 1 }), counts, tokens };
}
