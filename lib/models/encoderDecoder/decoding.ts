import { ShapeError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { extent, formatShape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { cast, equal, full } from '../../ops/elementwise/arithmetic';
import { where } from '../../ops/elementwise/math';
import { IGNORED_LABEL } from '../../ops/losses/labels';
import { concat } from '../../ops/shape/concat';
import { slice } from '../../ops/shape/slice';
import type { CheckpointModel } from '../checkpoint/checkpointModel';
import type { LanguageModel } from '../generation/languageModel';
import type { TokenInputs } from '../inputs';

/**
 * What a decoder is given to learn these labels: a start token, then all labels but the last, with padding for those that do not
 * count. int32 [N, T] -> [N, T].
 *
 * @example
 * model.outputs(parameters, { inputIds, attentionMask, decoderInputIds: shiftRight(labels, { start: 0, padding: 0 }) });
 * @throws ShapeError unless labels are [N, T].
 */
export function shiftRight(
  labels: Tensor,
  { start, padding }: { readonly start: number; readonly padding: number },
): Tensor {
  if (labels.shape.length !== 2)
    throw new ShapeError(`shiftRight: labels [N, T] expected, got ${formatShape(labels.shape)}`);
  const [rows, steps] = [extent(labels.shape, 0), extent(labels.shape, 1)];
  const ids = cast(labels, 'int32');
  const shown = where(equal(ids, IGNORED_LABEL), full(ids.shape, padding, 'int32'), ids);
  return concat([full([rows, 1], start, 'int32'), slice(shown, { stops: [rows, steps - 1] })], { axis: 1 });
}

/**
 * A decoder that looks at one text, as a model of what comes next: for `generate` and `sequenceLogProbs`, with prompts that begin with the
 * decoder's start token. The text is encoded once. Without a cache of keys: ask for `{ cache: false }`.
 *
 * @example
 * const writer = await decoderOf(t5, { inputIds });                       // [1, S]
 * const [{ tokens }] = await generate(writer, [[0]], { maxNewTokens: 20, cache: false });
 * @throws ShapeError for a model without a decoder, or more than one text.
 */
export async function decoderOf(
  model: CheckpointModel,
  source: TokenInputs,
  run: RunOptions = {},
): Promise<LanguageModel> {
  const texts = extent(source.inputIds.shape, 0);
  if (texts !== 1) throw new ShapeError(`decoderOf: one text [1, S] expected, got ${texts}`);
  const start = full([1, 1], 0, 'int32');
  const { encoded } = model.outputs(model.parameters, { ...source, decoderInputIds: start });
  if (!encoded) throw new ShapeError(`decoderOf: ${model.architecture} has no decoder that looks at a text`);
  const encoderStates = await evaluate(encoded, run);
  return {
    parameters: model.parameters,
    outputs: (parameters, { inputIds, attentionMask }) =>
      model.outputs(parameters, {
        ...source,
        encoderStates,
        decoderInputIds: inputIds,
        ...(attentionMask ? { decoderAttentionMask: attentionMask } : {}),
      }),
  };
}
