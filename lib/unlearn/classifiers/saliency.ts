import type { LabeledSet } from '../../data/labeledSet';
import { OptionError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { Parameters } from '../../graph/parameters';
import { sizeOf } from '../../graph/shape';
import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { full } from '../../ops/elementwise/arithmetic';
import { abs } from '../../ops/elementwise/math';
import { scatterSet } from '../../ops/indexing/put';
import { concat } from '../../ops/shape/concat';
import { reshape } from '../../ops/shape/reshape';
import { split } from '../../ops/shape/slice';
import { topk } from '../../ops/sort/topk';
import { gradientOf } from './gradients';

/**
 * The `floor(ratio P)` entries of largest magnitude among all P of a tree, as bool tensors of its names and shapes; of equal
 * ones those that come first. One threshold for all parameters, not one for each.
 *
 * @throws OptionError for a ratio outside [0, 1].
 */
export async function largestEntries(
  tree: Parameters,
  ratio: number,
  run: RunOptions = {},
): Promise<Parameters> {
  if (!(ratio >= 0 && ratio <= 1))
    throw new OptionError(`largestEntries: the ratio must be a number from 0 to 1, got ${ratio}`);
  const sizes = tree.tensors.map(({ shape }) => sizeOf(shape));
  const flat = concat(tree.tensors.map((tensor) => reshape(abs(tensor), [tensor.size])));
  const { indices } = topk(flat, Math.floor(ratio * flat.size));
  const chosen = scatterSet(full(flat.shape, 0, 'bool'), indices, full(indices.shape, 1, 'bool'));
  const parts = split(chosen, sizes);
  const mask = new Parameters(
    tree.names.map((name, i) => {
      const part = parts[i] ?? chosen;
      return [name, reshape(part, tree.get(name).shape)] as const;
    }),
  );
  await evaluate(mask, run);
  return mask;
}

/**
 * Which weights matter to the loss of what is to be forgotten (SalUn, Eq. 4): the `ratio` with the largest gradient,
 *
 *     g = | sum over batches of grad (mean cross-entropy of a batch of D_f) |
 *
 * The signs are kept while the batches add up and the magnitude is taken last: summing magnitudes is another quantity.
 */
export async function saliencyMask(
  model: Model,
  forget: LabeledSet,
  { ratio, batchSize = 256 }: { readonly ratio: number; readonly batchSize?: number },
  run: RunOptions = {},
): Promise<Parameters> {
  const gradient = await gradientOf(model, forget, { batchSize, weights: 'batches', phase: 'saliency' }, run);
  try {
    return await largestEntries(gradient, ratio, run.signal ? { signal: run.signal } : {});
  } finally {
    gradient.dispose();
  }
}
