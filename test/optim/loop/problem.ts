import { tensor } from '../../../lib/graph/create';
import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { add, mul, square, sub } from '../../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../../lib/ops/elementwise/math';
import { matmul } from '../../../lib/ops/products/matmul';
import { mean } from '../../../lib/ops/reduce/reduce';
import type { FitOptions } from '../../../lib/optim/loop/fit';
import { adam } from '../../../lib/optim/adam';
import { normal } from '../../../lib/random/draw';

export interface Examples {
  readonly x: Tensor;
  readonly y: Tensor;
}

const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed));

/** A small regression; every batch is made anew, as readers of files do. */
export const parameters = () =>
  new Parameters([
    ['hidden', tensor(numbers(12, 1), { shape: [3, 4] })],
    ['out', tensor(numbers(4, 2), { shape: [4, 1] })],
  ]);

export const loss = (theta: Parameters, { x, y }: Examples): Tensor =>
  mean(square(sub(matmul(tanh(matmul(x, theta.get('hidden'))), theta.get('out')), y)));

/** With noise on the inputs: another key gives another loss. */
export const noisyLoss = (theta: Parameters, { x, y }: Examples, key: Tensor): Tensor =>
  loss(theta, { x: add(x, mul(normal(key, x.shape), 0.1)), y });

/** Ten examples per epoch in batches of some size, in an order that depends on the epoch. */
export const batchesOf = (size: number) =>
  function* batches(epoch: number): Generator<Examples> {
    for (let begin = 0; begin < 10; begin += size) {
      const count = Math.min(size, 10 - begin);
      const rows = Array.from({ length: count }, (_, i) => numbers(3, 10 + (((begin + i) * 7 + epoch) % 10)));
      using x = tensor(Float32Array.from(rows.flatMap((row) => [...row])), { shape: [count, 3] });
      using y = tensor(
        Float32Array.from(rows, (row) => row[0]! * row[1]!),
        { shape: [count, 1] },
      );
      yield { x, y };
    }
  };

export const options = (
  changes: Partial<FitOptions<Parameters, Examples>> = {},
): FitOptions<Parameters, Examples> => ({
  params: parameters(),
  loss,
  batches: batchesOf(3),
  optimizer: adam({ learningRate: 0.02 }),
  epochs: 3,
  ...changes,
});

export const valuesOf = (params: Parameters): Promise<number[][]> =>
  Promise.all([...params].map(async ([, x]) => [...(await x.data())]));
