import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { memory, resetPeakMemory } from '../../lib/native';
import { add, equal, mul, square, zerosLike } from '../../lib/ops/elementwise/arithmetic';
import { tanh, where } from '../../lib/ops/elementwise/math';
import { take } from '../../lib/ops/indexing/take';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { matmul } from '../../lib/ops/products/matmul';
import { sum } from '../../lib/ops/reduce/sum';
import { concat } from '../../lib/ops/shape/concat';
import { flatten, reshape } from '../../lib/ops/shape/reshape';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal, splitKey } from '../../lib/random';
import { perExample } from '../../lib/transforms/perExample';
import { expectClose } from '../support/compare';
import { compareWithLoop, type Losses } from '../support/exampleLoop';

const ROWS = 6;
const WIDTH = 3;
/** Rows of the table per example: one is picked twice, one by all, one by nobody. */
const TOKENS = tensor(Int32Array.of(0, 2, 2, 0, 5, 4, 0, 0, 0, 1, 4, 5, 2, 0, 1, 1), { shape: [4, 4] });
const LABELS = tensor(Int32Array.of(1, 0, 5, 2));

const draws = (...shapes: (readonly number[])[]): Tensor[] => {
  const keys = splitKey(key(3), shapes.length);
  return shapes.map((shape, i) => normal(keys[i]!, shape, { dtype: 'float64' }));
};

/** A loss in which every position counts differently. */
const lossOf = (h: Tensor): Tensor => {
  const rows = flatten(h, 1);
  const [weights] = draws([1, rows.shape[1]!]);
  return sum(add(square(rows), mul(rows, weights!)), { axis: 1 });
};

interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly losses: Losses;
}

const table = [ROWS, WIDTH] as const;

const cases: readonly Case[] = [
  { name: 'an embedding', shapes: [table], losses: ([w], tokens) => lossOf(tanh(take(w!, tokens))) },
  {
    name: 'one embedding looked up twice',
    shapes: [table],
    losses: ([w], tokens) => {
      const shifted = where(equal(tokens, ROWS - 1), zerosLike(tokens), add(tokens, 1));
      return lossOf(tanh(mul(take(w!, tokens), take(w!, shifted))));
    },
  },
  {
    name: 'an embedding tied to the output weight',
    shapes: [table],
    losses: ([w], tokens, labels) => {
      const h = tanh(sum(take(w!, tokens), { axis: 1 }));
      return softmaxCrossEntropy(matmul(h, transpose(w!)), labels);
    },
  },
  {
    name: 'an embedding tied to a weight that is stored transposed',
    shapes: [[WIDTH, ROWS]],
    losses: ([w], tokens, labels) => {
      const h = tanh(sum(take(transpose(w!), tokens), { axis: 1 }));
      return softmaxCrossEntropy(matmul(h, w!), labels);
    },
  },
  {
    name: 'a low-rank adapter of an embedding',
    shapes: [table, [ROWS, 2], [2, WIDTH]],
    losses: ([w, a, b], tokens) => lossOf(tanh(take(add(w!, matmul(a!, b!)), tokens))),
  },
  {
    name: 'a low-rank adapter of factors stored transposed',
    shapes: [
      [2, ROWS],
      [WIDTH, 2],
    ],
    losses: ([a, b], tokens) => lossOf(tanh(take(matmul(transpose(a!), transpose(b!)), tokens))),
  },
  {
    name: 'rows of rows',
    shapes: [table],
    losses: ([w], tokens) => lossOf(tanh(take(take(w!, tensor(Int32Array.of(5, 1, 1, 3, 0, 2))), tokens))),
  },
  {
    name: 'scaled, reshaped and masked tables',
    shapes: [[ROWS * WIDTH], [ROWS, 1], [1]],
    losses: ([w, mask, scale], tokens) =>
      lossOf(tanh(take(mul(mul(reshape(w!, table), mask!), scale!), tokens))),
  },
  { name: 'a table of numbers', shapes: [[ROWS]], losses: ([w], tokens) => lossOf(tanh(take(w!, tokens))) },
  {
    name: 'a table of matrices',
    shapes: [[ROWS, 2, 2]],
    losses: ([w], tokens) => lossOf(tanh(take(w!, tokens))),
  },
  {
    name: 'columns, and rows in the middle',
    shapes: [
      [WIDTH, ROWS],
      [2, ROWS, 2],
    ],
    losses: ([w, v], tokens) =>
      add(
        lossOf(transpose(tanh(take(w!, tokens, { axis: 1 })), [1, 0, 2])),
        lossOf(transpose(tanh(take(v!, tokens, { axis: 1 })), [1, 0, 2, 3])),
      ),
  },
  {
    name: 'a table that is joined from two',
    shapes: [
      [2, WIDTH],
      [4, WIDTH],
    ],
    losses: ([w, v], tokens) => lossOf(tanh(take(concat([w!, v!]), tokens))),
  },
];

test.each(cases)('$name: statistics equal to those of a loop', async ({ name, shapes, losses }) => {
  await compareWithLoop({ losses, params: draws(...shapes), batch: [TOKENS, LABELS] }, name);
});

test('without the products between both kinds of use the squares are wrong, and told apart', async () => {
  const params = draws(table);
  const tied = cases[2]!.losses;
  const right = perExample(tied)(params, TOKENS, LABELS).sumSquares();
  const apart: Losses = ([w, v], tokens, labels) => {
    const h = tanh(sum(take(w!, tokens), { axis: 1 }));
    return softmaxCrossEntropy(matmul(h, transpose(v!)), labels);
  };
  const [embedding, output] = perExample(apart)([params[0]!, params[0]!], TOKENS, LABELS).sumSquares();
  const wrong = add(embedding!, output!);
  const [a, b] = [await right[0]!.data(), await wrong.data()];
  expect(() => expectClose(b, a, 1e-3, 'squares per use')).toThrow('relative error');
});

test('squares that cancel exactly are never negative', async () => {
  // d/dw of <w_a, x> - <w_a, x>, once picked and once multiplied.
  const x = normal(key(9), [4, WIDTH]);
  const losses: Losses = ([w], tokens, inputs, marks) => {
    const picked = sum(mul(take(w!, tokens), inputs), { axis: 1 });
    return add(picked, sum(mul(mul(matmul(inputs, transpose(w!)), marks), -1), { axis: 1 }));
  };
  const tokens = tensor(Int32Array.of(0, 1, 1, 3));
  const marks = tensor([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 1],
  ]);
  const gradients = perExample(losses)([normal(key(2), [4, WIDTH])], tokens, x, marks);
  const squares = await gradients.sumSquares()[0]!.data();
  expect(Math.min(...squares)).toBeGreaterThanOrEqual(0);
  expect(Math.min(...(await gradients.norms().data()))).toBeGreaterThanOrEqual(0);
});

test('nothing as wide as the table is stored per example', async () => {
  const [vocabulary, width, examples, steps] = [20_000, 16, 16, 32];
  const tokens = tensor(
    Int32Array.from({ length: examples * steps }, (_, i) => (i * 7919) % vocabulary),
    { shape: [examples, steps] },
  );
  const w = normal(key(1), [vocabulary, width], { dtype: 'float64' });
  await evaluate([w, tokens]);
  resetPeakMemory();
  const before = memory().liveBytes;
  const gradients = perExample((table: Tensor, picks: Tensor) => lossOf(take(table, picks)))(w, tokens);
  await evaluate([gradients.sumSquares(), gradients.norms(), gradients.sum()]);
  // Two results of the size of the table, an index of its rows, and what the examples picked.
  expect(memory().peakBytes - before).toBeLessThan(4 * w.bytes);
});
