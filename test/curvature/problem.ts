import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import type { Objective } from '../../lib/curvature';
import { categorical, key, normal } from '../../lib/random';
import { softmaxCrossEntropy, slice, tanh } from '../../lib/ops';
import { linear } from '../../lib/ops/products/matmul';

/** float64; only the order of sums differs. */
export const TOLERANCE = 1e-10;

export const draw = (seed: number, shape: Shape): Tensor => normal(key(seed), shape, { dtype: 'float64' });

const COUNT = 12;
export const x = draw(1, [COUNT, 4]);
export const y = tensor(Int32Array.from({ length: COUNT }, (_, n) => (n * n) % 3));

export const parameters = new Parameters([
  ['w1', draw(2, [5, 4])],
  ['b1', draw(3, [5])],
  ['w2', draw(4, [3, 5])],
]);
export const SIZE = parameters.elementCount;

export type LabeledBatch = readonly [x: Tensor, y: Tensor];

/** All examples in batches of this size. */
export function* inBatches(all: LabeledBatch, size: number): Generator<LabeledBatch> {
  for (let from = 0; from < (all[0].shape[0] ?? 0); from += size) {
    const part = (tensors: Tensor): Tensor => slice(tensors, { starts: [from], stops: [from + size] });
    yield [part(all[0]), part(all[1])];
  }
}

/** A small classifier with all three kinds of curvature. */
export const objective = (batchSize = 5): Objective<LabeledBatch> => ({
  parameters,
  outputs: (p, images) => linear(tanh(linear(images, p.get('w1'), p.get('b1'))), p.get('w2')),
  losses: (logits, _x, labels) => softmaxCrossEntropy(logits, labels),
  batches: () => inBatches([x, y], batchSize),
  size: COUNT,
  drawn: (logits, seed, images) => [images, categorical(seed, logits)],
});
