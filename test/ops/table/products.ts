import { matmul, linear } from '../../../lib/ops/products/matmul';
import { productNorms, productNormsConvolution } from '../../../lib/ops/curvature/productNorms';
import { squareSum, squareSumConvolution } from '../../../lib/ops/curvature/squareSum';
import { transpose } from '../../../lib/ops/shape/transpose';
import { broadcastShapes, type Shape } from '../../../lib/graph/shape';
import { at, build, total, type NdArray } from '../../support/array';
import type { Case, Row } from '../row';
import { patchesOf } from '../../support/windows';

/** Products with broadcast leading axes. */
function product(a: NdArray, b: NdArray): NdArray {
  const batch = broadcastShapes('reference', [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const depth = a.shape.at(-1)!;
  return build([...batch, a.shape.at(-2)!, b.shape.at(-1)!], (index) => {
    const [lead, m, n] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    return total(depth, (k) => at(a, ...lead, m, k) * at(b, ...lead, k, n));
  });
}

const turned = (x: NdArray): NdArray =>
  build([...x.shape.slice(0, -2), x.shape.at(-1)!, x.shape.at(-2)!], (index) =>
    at(x, ...index.slice(0, -2), index.at(-1)!, index.at(-2)!),
  );

const pair = (name: string, a: Shape, b: Shape, options?: any): Case => ({
  name,
  inputs: [{ shape: a }, { shape: b }],
  options,
});

/** Per-example gradients [N, I, J] of factors left [N, T, I] and right [N, T, J]. */
const gradients = (left: NdArray, right: NdArray): NdArray => product(turned(left), right);

const squareSumOf = (g: NdArray): NdArray =>
  build(g.shape.slice(1), ([i, j]) => total(g.shape[0]!, (n) => at(g, n, i!, j!) ** 2));
const normsOf = (g: NdArray): NdArray =>
  build([g.shape[0]!], ([n]) => total(g.shape[1]!, (i) => total(g.shape[2]!, (j) => at(g, n!, i, j) ** 2)));

const FACTORS: readonly Case[] = [
  pair('factors', [3, 2, 4], [3, 2, 3]),
  pair('one step', [3, 1, 2], [3, 1, 4]),
  pair('one element', [1, 1, 1], [1, 1, 1]),
  pair('no examples', [0, 2, 2], [0, 2, 3]),
  pair('no steps', [2, 0, 2], [2, 0, 3]),
];
const FACTORS_TURNED: readonly Case[] = [
  pair('left turned', [3, 4, 2], [3, 2, 3], [true, false]),
  pair('right turned', [3, 2, 4], [3, 3, 2], [false, true]),
  pair('both turned', [3, 4, 2], [3, 3, 2], [true, true]),
  pair('one element', [1, 1, 1], [1, 1, 1], [true, true]),
  pair('no examples', [0, 2, 2], [0, 2, 2], [true, true]),
];

type Factors = readonly [NdArray, NdArray];
const straight = (
  [left, right]: readonly NdArray[],
  [a, b]: readonly boolean[] = [false, false],
): Factors => [a ? turned(left!) : left!, b ? turned(right!) : right!];

const factorRow = (name: string, op: typeof squareSum, reference: (g: NdArray) => NdArray): Row => ({
  name,
  run: ([left, right], [a, b] = [false, false]) =>
    op(a ? transpose(left!) : left!, b ? transpose(right!) : right!),
  reference: (inputs, options) => reference(gradients(...straight(inputs, options))),
  cases: [...FACTORS, ...FACTORS_TURNED.slice(0, 3)],
  large: pair('large', [40, 8, 50], [40, 8, 60]),
});

const CONVOLUTION = { kernel: [2, 3], stride: [2, 1], padding: [1, 1], dilation: [1, 2] } as const;
const POINTWISE = { kernel: 1 } as const;

const convolutionGradients = ([x, g]: readonly NdArray[], options: any): NdArray => {
  const rows: NdArray = { shape: [g!.shape[0]!, g!.shape[1]!, g!.shape[2]! * g!.shape[3]!], data: g!.data };
  return product(rows, patchesOf(x!, options));
};

const convolutionRow = (name: string, op: typeof squareSumConvolution, reference: Row['reference']): Row => ({
  name,
  run: ([x, g], options) => op(x!, g!, options),
  reference,
  cases: [
    pair('images', [3, 2, 4, 5], [3, 2, 3, 3], CONVOLUTION),
    pair('pointwise', [2, 3, 2, 2], [2, 4, 2, 2], POINTWISE),
    pair('one element', [1, 1, 1, 1], [1, 1, 1, 1], POINTWISE),
    pair('no images', [0, 2, 3, 3], [0, 2, 3, 3], POINTWISE),
  ],
  large: pair('large', [20, 4, 9, 9], [20, 6, 9, 9], { kernel: 3, padding: 1 }),
});

/** Matrix products and the statistics of per-example gradients. */
export const products: readonly Row[] = [
  {
    name: 'matmul',
    run: ([a, b]) => matmul(a!, b!),
    reference: ([a, b]) => product(a!, b!),
    cases: [
      pair('matrices', [3, 4], [4, 2]),
      pair('batches', [2, 3, 2], [2, 2, 3]),
      pair('a shared right', [2, 3, 2], [2, 4]),
      pair('a shared left', [3, 2], [2, 2, 4]),
      pair('broadcast batches', [2, 1, 2, 3], [3, 3, 2]),
      pair('squares', [3, 3], [3, 3]),
      pair('one element', [1, 1], [1, 1]),
      pair('no rows', [0, 3], [3, 2]),
      pair('nothing to sum', [2, 0], [0, 3]),
    ],
    special: [
      {
        name: 'NaN',
        inputs: [
          { shape: [2, 2], values: [1, NaN, 2, 3] },
          { shape: [2, 1], values: [0, 1] },
        ],
      },
      {
        name: 'infinity',
        inputs: [
          { shape: [1, 2], values: [Infinity, 1] },
          { shape: [2, 2], values: [1, 0, 1, 2] },
        ],
      },
    ],
    large: pair('large', [130, 257], [257, 150]),
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [null, 1], output: 1 },
      { axes: [0, 0], output: 0, of: 'batches' },
      { axes: [1, null], output: 1, of: 'batches' },
      { axes: [null, 2], output: 2, of: 'batches' },
      { axes: [0, null], output: 0, of: 'a shared right' },
      { axes: [1, null], output: 1, of: 'a shared right' },
      { axes: [null, 0], output: 0, of: 'a shared left' },
      { axes: [0, null], output: 0, of: 'broadcast batches' },
      { axes: [null, 0], output: 1, of: 'broadcast batches' },
    ],
    mixes: [
      { axes: [1, null] },
      { axes: [0, 1], of: 'squares' },
      { axes: [null, 0] },
      // The other operand is shared, yet has an entry for every example.
      { axes: [0, null], of: 'batches' },
    ],
  },
  {
    name: 'matmul of a transposed left',
    covers: ['matmul'],
    run: ([a, b]) => matmul(transpose(a!), b!),
    reference: ([a, b]) => product(turned(a!), b!),
    cases: [
      pair('matrices', [4, 3], [4, 2]),
      pair('batches', [2, 2, 3], [2, 2, 3]),
      pair('a shared left', [2, 3], [2, 2, 4]),
      pair('one element', [1, 1], [1, 1]),
      pair('no rows', [3, 0], [3, 2]),
    ],
    large: pair('large', [257, 130], [257, 150]),
    examples: [
      { axes: [1, null], output: 0 },
      { axes: [null, 1], output: 1 },
      { axes: [null, 0], output: 0, of: 'a shared left' },
      { axes: [2, null], output: 1, of: 'batches' },
      { axes: [null, 2], output: 2, of: 'batches' },
    ],
  },
  {
    name: 'linear',
    covers: ['matmul', 'add'],
    run: ([x, w, b]) => linear(x!, w!, b),
    reference: ([x, w, b]) => {
      const y = product(x!, turned(w!));
      return build(y.shape, (index) => at(y, ...index) + at(b!, index.at(-1)!));
    },
    cases: [
      { name: 'rows', inputs: [{ shape: [3, 2] }, { shape: [4, 2] }, { shape: [4] }] },
      { name: 'sequences', inputs: [{ shape: [3, 2, 2] }, { shape: [3, 2] }, { shape: [3] }] },
      { name: 'one element', inputs: [{ shape: [1, 1] }, { shape: [1, 1] }, { shape: [1] }] },
      { name: 'no rows', inputs: [{ shape: [0, 2] }, { shape: [3, 2] }, { shape: [3] }] },
    ],
    large: { name: 'large', inputs: [{ shape: [130, 257] }, { shape: [150, 257] }, { shape: [150] }] },
    examples: [
      { axes: [0, null, null], output: 0 },
      { axes: [0, null, null], output: 0, of: 'sequences' },
      { axes: [1, null, null], output: 1, of: 'sequences' },
    ],
  },
  factorRow('squareSum', squareSum, squareSumOf),
  { ...factorRow('productNorms', productNorms, normsOf), examples: [{ axes: [0, 0], output: 0 }] },
  convolutionRow('squareSumConvolution', squareSumConvolution, ([x, g], options) => {
    const { shape, data } = squareSumOf(convolutionGradients([x!, g!], options));
    const [height, width] = [options.kernel].flat().concat(options.kernel) as [number, number];
    return { shape: [shape[0]!, x!.shape[1]!, height, width], data };
  }),
  {
    ...convolutionRow('productNormsConvolution', productNormsConvolution, (inputs, options) =>
      normsOf(convolutionGradients(inputs, options)),
    ),
    examples: [{ axes: [0, 0], output: 0 }],
  },
];
