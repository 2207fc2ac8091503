import { extent } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { slice } from '../../lib/ops/slice';
import { sum } from '../../lib/ops/sum';
import { grad } from '../../lib/transforms/grad';
import { arraysOf } from './tensors';

/** One loss per example from parameters and batch tensors with the examples on axis 0. */
export type Losses = (params: readonly Tensor[], ...batch: readonly Tensor[]) => Tensor;

/**
 * The slow twin of `perExample`: the ordinary gradient of one example after the other. Returns per parameter the
 * gradients of all examples end to end.
 */
export async function exampleLoop(
  losses: Losses,
  params: readonly Tensor[],
  batch: readonly Tensor[],
): Promise<Float64Array[]> {
  const count = extent(batch[0]!.shape, 0);
  const gradients = Array.from({ length: count }, (_, n) => {
    const one = batch.map((x) => slice(x, { starts: [n], stops: [n + 1] }));
    return grad((p: readonly Tensor[]) => sum(losses(p, ...one)))(params);
  });
  const arrays = await Promise.all(gradients.map((list) => arraysOf(list)));
  return params.map((_, i) => Float64Array.from(arrays.flatMap((list) => [...list[i]!.data])));
}
