import { gatherNorms, gatherSquareSum } from '../../../lib/ops/curvature/gatherSums';
import { at, build, total, type NdArray } from '../../support/array';
import type { Case, Row } from '../row';

/** Per-example gradients [N, V, D] of a table whose rows are picked. */
const gradients = (indices: NdArray, g: NdArray, rows: number): NdArray =>
  build([g.shape[0]!, rows, g.shape[2]!], ([n, v, d]) =>
    total(g.shape[1]!, (t) => (at(indices, n!, t) === v ? at(g, n!, t, d!) : 0)),
  );

const squares = (e: NdArray): NdArray =>
  build(e.shape.slice(1), ([v, d]) => total(e.shape[0]!, (n) => at(e, n, v!, d!) ** 2));
const norms = (e: NdArray): NdArray =>
  build([e.shape[0]!], ([n]) => total(e.shape[1]!, (v) => total(e.shape[2]!, (d) => at(e, n!, v, d) ** 2)));

const picks = (name: string, [n, t, d]: readonly [number, number, number], rows: number): Case => ({
  name,
  inputs: [{ shape: [n, t], dtype: 'int32', range: [0, rows] }, { shape: [n, t, d] }],
  options: rows,
});

const CASES: readonly Case[] = [
  picks('more steps than rows', [3, 7, 2], 3),
  picks('a long table', [2, 3, 4], 19),
  picks('one step', [4, 1, 3], 2),
  {
    name: 'one row all the time',
    inputs: [{ shape: [2, 40], dtype: 'int32', range: [1, 2] }, { shape: [2, 40, 3] }],
    options: 3,
  },
  picks('one element', [1, 1, 1], 1),
  picks('no examples', [0, 2, 3], 4),
  picks('no steps', [2, 0, 3], 4),
];

const row = (name: string, op: typeof gatherNorms, reference: (e: NdArray) => NdArray): Row => ({
  name,
  run: ([indices, g], rows) => op(indices!, g!, rows),
  reference: ([indices, g], rows: number) => reference(gradients(indices!, g!, rows)),
  cases: CASES,
  large: picks('large', [40, 60, 33], 50),
  // Sums of squares of sums of a few dozen products.
  tolerance: { float32: 4e-6, float64: 1e-14 },
});

/** Statistics of per-example gradients of embeddings. */
export const gatherSums: readonly Row[] = [
  {
    ...row('gatherSquareSum', gatherSquareSum, squares),
    mixes: [{ axes: [0, 0] }],
  },
  { ...row('gatherNorms', gatherNorms, norms), examples: [{ axes: [0, 0], output: 0 }] },
];
