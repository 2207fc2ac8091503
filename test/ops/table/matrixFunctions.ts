import { determinant, inverse as inverseReference, Matrix, pseudoInverse } from 'ml-matrix';
import type { Shape } from '../../../lib/graph/shape';
import { extent } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { lu } from '../../../lib/linalg/factor/luParts';
import { cofactors } from '../../../lib/linalg/functions/cofactors';
import { det, slogdet } from '../../../lib/linalg/functions/determinant';
import { matrixExponential } from '../../../lib/linalg/functions/matrixExponential';
import { inverseSqrtSpd, sqrtSpd } from '../../../lib/linalg/functions/sqrtSpd';
import { pinv } from '../../../lib/linalg/solve/pinv';
import { solveLyapunov } from '../../../lib/linalg/solve/solveLyapunov';
import { inverse, solve } from '../../../lib/linalg/solve/solve';
import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../../lib/ops/products/matmul';
import { flip } from '../../../lib/ops/shape/flip';
import { transpose } from '../../../lib/ops/shape/transpose';
import { eye } from '../../../lib/ops/shape/triangle';
import type { NdArray } from '../../support/array';
import { mapMatrices, matricesOf } from '../../support/matrices';
import { ofShapes, type Case, type Row } from '../row';

/** Backward stable algorithms at condition numbers below 1e3. */
const TOLERANCE = { float32: 2e-4, float64: 1e-11 } as const;

/** Far from singular, with a rotation in it. */
const regular = (a: Tensor): Tensor => add(a, mul(eye(extent(a.shape, -1), { dtype: a.dtype }), 3));
const regularReference = (a: Matrix): Matrix => Matrix.add(a, Matrix.eye(a.rows, a.rows).mul(3));

/** Positive definite, with distinct eigenvalues. */
const definite = (a: Tensor): Tensor =>
  add(matmul(a, transpose(a)), eye(extent(a.shape, -1), { dtype: a.dtype }));
const definiteReference = (a: Matrix): Matrix => a.mmul(a.transpose()).add(Matrix.eye(a.rows, a.rows));

const squares: readonly Case[] = [
  ofShapes('batch', undefined, [2, 3, 3]),
  ofShapes('one matrix', undefined, [4, 4]),
  ofShapes('one element', undefined, [1, 1]),
  ofShapes('no matrices', undefined, [0, 2, 2]),
];

const onSquares =
  (f: (a: Matrix) => Matrix): Row['reference'] =>
  ([a]) =>
    mapMatrices(a!, a!.shape.slice(-2), f);

const numbers = (x: NdArray, f: (a: Matrix) => number): NdArray => ({
  shape: x.shape.slice(0, -2),
  data: Float64Array.from(matricesOf(x).map(f)),
});

/** The determinant without a row and a column, with its sign. */
function cofactor(a: Matrix, row: number, column: number): number {
  const without = (n: number, left: number): number[] => [...Array(n).keys()].filter((i) => i !== left);
  const minor = a.selection(without(a.rows, row), without(a.columns, column));
  return (row + column) % 2 === 0 ? determinant(minor) : -determinant(minor);
}

/** Newton's iteration for the square root (Denman and Beavers), nothing of which is in the kernel. */
function squareRoot(a: Matrix): Matrix {
  let [y, z] = [a, Matrix.eye(a.rows, a.rows)];
  for (let i = 0; i < 60; i++) {
    const [yInverse, zInverse] = [inverseReference(y), inverseReference(z)];
    [y, z] = [Matrix.add(y, zInverse).mul(0.5), Matrix.add(z, yInverse).mul(0.5)];
  }
  return y;
}

/** The series, of the matrix divided by a power of two. */
function exponential(a: Matrix): Matrix {
  const squarings = 12;
  const scaled = Matrix.mul(a, 2 ** -squarings);
  let [sum, term] = [Matrix.eye(a.rows, a.rows), Matrix.eye(a.rows, a.rows)];
  for (let k = 1; k < 12; k++) {
    term = term.mmul(scaled).mul(1 / k);
    sum = Matrix.add(sum, term);
  }
  for (let i = 0; i < squarings; i++) sum = sum.mmul(sum);
  return sum;
}

const shapes = (...list: readonly (readonly [string, Shape])[]): readonly Case[] =>
  list.map(([name, shape]) => ofShapes(name, undefined, shape));

const perMatrix: Row['examples'] = [{ axes: [0], output: 0 }];

/** Gaussian elimination, row after row, with the largest pivot of the column; both factors and the order of the rows. */
function eliminated(a: Matrix): { l: Matrix; u: Matrix; order: number[] } {
  const u = a.clone();
  const l = Matrix.zeros(a.rows, a.rows);
  const order = [...Array(a.rows).keys()];
  for (let k = 0; k < a.rows; k++) {
    let best = k;
    for (let i = k; i < a.rows; i++) if (Math.abs(u.get(i, k)) > Math.abs(u.get(best, k))) best = i;
    u.swapRows(k, best);
    l.swapRows(k, best);
    [order[k], order[best]] = [order[best]!, order[k]!];
    l.set(k, k, 1);
    for (let i = k + 1; i < a.rows; i++) {
      const factor = u.get(i, k) / u.get(k, k);
      l.set(i, k, factor);
      for (let j = k; j < a.rows; j++) u.set(i, j, u.get(i, j) - factor * u.get(k, j));
    }
  }
  return { l, u, order };
}

const flipped = (a: Matrix): Matrix => {
  const rows = [...Array(a.rows).keys()].reverse();
  return a.selection(rows, [...Array(a.columns).keys()]);
};

/** What is computed by way of factorisations. */
export const matrixFunctions: readonly Row[] = [
  {
    name: 'solve',
    covers: ['solve', 'luFactor', 'luSolve'],
    run: ([a, y]) => solve(regular(a!), y!),
    reference: ([a, y]) => {
      const sides = matricesOf(y!);
      const wanted = a!.shape.length > y!.shape.length ? a! : y!;
      const matrices = matricesOf(a!);
      const count = Math.max(matrices.length, sides.length);
      const all = Array.from({ length: count }, (_, i) =>
        inverseReference(regularReference(matrices[i % matrices.length]!)).mmul(sides[i % sides.length]!),
      );
      return {
        shape: [...wanted.shape.slice(0, -2), ...y!.shape.slice(-2)],
        data: Float64Array.from(all.flatMap((x) => x.to1DArray())),
      };
    },
    cases: [
      ofShapes('batch', undefined, [2, 3, 3], [2, 3, 2]),
      ofShapes('shared matrix', undefined, [3, 3], [2, 3, 2]),
      ofShapes('repeated right side', undefined, [2, 3, 3], [3, 1]),
      ofShapes('one system', undefined, [5, 5], [5, 2]),
      ofShapes('one element', undefined, [1, 1], [1, 1]),
      ofShapes('no systems', undefined, [0, 2, 2], [0, 2, 1]),
    ],
    large: ofShapes('large', undefined, [6, 90, 90], [6, 90, 40]),
    tolerance: TOLERANCE,
    examples: [
      { axes: [0, 0], output: 0 },
      { of: 'shared matrix', axes: [null, 0], output: 0 },
    ],
    mixes: [{ of: 'one system', axes: [null, 0] }],
  },
  {
    name: 'inverse',
    covers: ['solve'],
    run: ([a]) => inverse(regular(a!)),
    reference: onSquares((a) => inverseReference(regularReference(a))),
    cases: squares,
    tolerance: TOLERANCE,
    examples: perMatrix,
  },
  {
    name: 'lu of rows that must be exchanged',
    covers: ['luParts', 'luFactor', 'rowOrder'],
    run: ([a]) => {
      const { l, u, permutation } = lu(flip(regular(a!), { axis: -2 }));
      return [l, u, permutation];
    },
    reference: ([a]) => {
      const parts = matricesOf(a!).map((m) => eliminated(flipped(regularReference(m))));
      return [
        { shape: a!.shape, data: Float64Array.from(parts.flatMap(({ l }) => l.to1DArray())) },
        { shape: a!.shape, data: Float64Array.from(parts.flatMap(({ u }) => u.to1DArray())) },
        { shape: a!.shape.slice(0, -1), data: Float64Array.from(parts.flatMap(({ order }) => order)) },
      ];
    },
    cases: squares,
    large: ofShapes('large', undefined, [6, 60, 60]),
    gives: ['float', 'float', 'int32'],
    tolerance: TOLERANCE,
    examples: [],
  },
  {
    name: 'slogdet',
    run: ([a]) => {
      const { sign, logabsdet } = slogdet(a!);
      return [sign, logabsdet];
    },
    reference: ([a]) => [
      numbers(a!, (m) => Math.sign(determinant(m))),
      numbers(a!, (m) => Math.log(Math.abs(determinant(m)))),
    ],
    cases: squares,
    large: ofShapes('large', undefined, [6, 90, 90]),
    tolerance: TOLERANCE,
    examples: perMatrix,
  },
  {
    name: 'det',
    covers: ['det', 'slogdet'],
    run: ([a]) => det(a!),
    reference: ([a]) => numbers(a!, determinant),
    cases: squares,
    tolerance: TOLERANCE,
    examples: perMatrix,
  },
  {
    name: 'cofactors',
    covers: ['cofactors', 'luFactor', 'luSolve'],
    run: ([a]) => cofactors(a!, det),
    reference: onSquares(
      (a) => new Matrix(a.to2DArray().map((row, i) => row.map((_, j) => cofactor(a, i, j)))),
    ),
    cases: squares,
    tolerance: TOLERANCE,
    examples: perMatrix,
  },
  {
    name: 'pinv',
    run: ([a]) => pinv(a!),
    reference: ([a]) => mapMatrices(a!, [a!.shape.at(-1)!, a!.shape.at(-2)!], (m) => pseudoInverse(m)),
    cases: shapes(
      ['tall', [2, 4, 3]],
      ['wide', [2, 3, 4]],
      ['square', [3, 3]],
      ['one element', [1, 1]],
      ['no matrices', [0, 2, 3]],
    ),
    tolerance: TOLERANCE,
    examples: perMatrix,
  },
  {
    name: 'pinv of symmetric matrices',
    covers: ['pinv'],
    run: ([a]) => pinv(definite(a!), { hermitian: true }),
    reference: onSquares((a) => inverseReference(definiteReference(a))),
    cases: squares,
    tolerance: TOLERANCE,
    // What enters is rounded, and the inverse multiplies that.
    halves: { times: 8 },
  },
  {
    name: 'matrixExponential',
    run: ([a]) => matrixExponential(a!),
    reference: onSquares(exponential),
    cases: [
      ...squares.map((of) => ({ ...of, inputs: of.inputs.map((x) => ({ ...x, range: [-1, 1] as const })) })),
      ...[1e-3, 0.05, 0.3, 2].map((high) => ({
        name: `entries up to ${high}`,
        inputs: [{ shape: [3, 3], range: [-high, high] as const }],
      })),
    ],
    large: ofShapes('large', undefined, [260, 260]),
    tolerance: { float32: 1e-4, float64: 1e-11 },
    examples: perMatrix,
    mixes: [{ of: 'one matrix', axes: [0] }],
  },
  {
    name: 'sqrtSpd',
    covers: ['sqrtSpd', 'eigh'],
    run: ([a]) => sqrtSpd(definite(a!)),
    reference: onSquares((a) => squareRoot(definiteReference(a))),
    cases: squares,
    tolerance: TOLERANCE,
    examples: perMatrix,
  },
  {
    name: 'solveLyapunov',
    run: ([a, q]) => solveLyapunov(definite(a!), q!),
    // (A x 1 + 1 x A) vec Z = vec Q
    reference: ([a, q]) => {
      const sides = matricesOf(q!);
      return mapMatrices(a!, a!.shape.slice(-2), (m, i) => {
        const [matrix, one] = [definiteReference(m), Matrix.eye(m.rows, m.rows)];
        const sum = Matrix.add(matrix.kroneckerProduct(one), one.kroneckerProduct(matrix));
        const solution = inverseReference(sum).mmul(Matrix.columnVector(sides[i]!.to1DArray()));
        return Matrix.from1DArray(m.rows, m.rows, solution.to1DArray());
      });
    },
    cases: ['batch', 'one matrix', 'one element', 'no matrices'].map((name, i) => {
      const shape = squares[i]!.inputs[0]!.shape;
      return ofShapes(name, undefined, shape, shape);
    }),
    tolerance: TOLERANCE,
    examples: [{ axes: [0, 0], output: 0 }],
  },
  {
    name: 'inverseSqrtSpd',
    run: ([a]) => inverseSqrtSpd(definite(a!)),
    reference: onSquares((a) => inverseReference(squareRoot(definiteReference(a)))),
    cases: squares,
    tolerance: TOLERANCE,
    examples: perMatrix,
  },
];
