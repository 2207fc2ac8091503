import {
  CholeskyDecomposition,
  EigenvalueDecomposition,
  Matrix,
  QrDecomposition,
  SVD,
  solve,
} from 'ml-matrix';
import { extent, type Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { cholesky } from '../../../lib/linalg/factor/cholesky';
import { eigh, eigvalsh } from '../../../lib/linalg/factor/eigh';
import { qr } from '../../../lib/linalg/factor/qr';
import { svd, svdvals } from '../../../lib/linalg/factor/svd';
import { choleskySolve } from '../../../lib/linalg/solve/choleskySolve';
import { solveSpd } from '../../../lib/linalg/solve/solveSpd';
import { triangularSolve } from '../../../lib/linalg/solve/triangularSolve';
import { eye } from '../../../lib/ops/shape/triangle';
import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../../lib/ops/products/matmul';
import { transpose } from '../../../lib/ops/shape/transpose';
import type { NdArray } from '../../support/array';
import { mapMatrices, matricesOf, stackedAs, withFixedSigns } from '../../support/matrices';
import { ofShapes, type Case, type Row } from '../row';

/** Backward stable algorithms at condition numbers below 1e3. */
const TOLERANCE = { float32: 2e-4, float64: 1e-11 } as const;

const scaledEye = (n: number, scale: number): Matrix => Matrix.eye(n, n).mul(scale);

/** Positive definite matrices of any: `A A^T + 2`. */
const definite = (a: Tensor): Tensor => {
  const n = extent(a.shape, -1);
  return add(matmul(a, transpose(a)), mul(eye(n, { dtype: a.dtype }), 2));
};
const definiteReference = (a: Matrix): Matrix => a.mmul(a.transpose()).add(scaledEye(a.rows, 2));

/** Triangular solves see a matrix with a diagonal that is far from zero. */
const dominant = (a: Tensor): Tensor => add(a, mul(eye(extent(a.shape, -1), { dtype: a.dtype }), 4));
const dominantReference = (a: Matrix): Matrix => Matrix.add(a, scaledEye(a.rows, 4));

const squares = (shape: Shape = [2, 3, 3]): readonly Case[] => [
  ofShapes('batch', undefined, shape),
  ofShapes('one matrix', undefined, [4, 4]),
  ofShapes('one element', undefined, [1, 1]),
  ofShapes('no matrices', undefined, [0, 2, 2]),
  ofShapes('no rows', undefined, [2, 0, 0]),
];

const symmetricPart = (a: Matrix): Matrix => Matrix.add(a, a.transpose()).mul(0.5);

function eighOf(a: Matrix): { values: number[]; vectors: Matrix } {
  const n = a.rows;
  if (n === 0) return { values: [], vectors: a };
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetricPart(a), {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()].sort((i, j) => realEigenvalues[i]! - realEigenvalues[j]!);
  const vectors = new Matrix(n, n);
  order.forEach((from, to) => vectors.setColumn(to, eigenvectorMatrix.getColumn(from)));
  return { values: order.map((i) => realEigenvalues[i]!), vectors: withFixedSigns(vectors).vectors };
}

const row = (values: readonly number[]): Matrix => new Matrix(values.length === 0 ? [] : [[...values]]);

function svdOf(a: Matrix): { u: Matrix; s: number[]; vh: Matrix } {
  const k = Math.min(a.rows, a.columns);
  if (k === 0) return { u: new Matrix(a.rows, 0), s: [], vh: new Matrix(0, a.columns) };
  const found = new SVD(a, { autoTranspose: true });
  const { vectors, signs } = withFixedSigns(found.leftSingularVectors.subMatrix(0, a.rows - 1, 0, k - 1));
  const right = found.rightSingularVectors.subMatrix(0, a.columns - 1, 0, k - 1).mulRowVector([...signs]);
  return { u: vectors, s: found.diagonal.slice(0, k), vh: right.transpose() };
}

function qrOf(a: Matrix): { q: Matrix; r: Matrix } {
  const k = Math.min(a.rows, a.columns);
  const q = new QrDecomposition(a.subMatrix(0, a.rows - 1, 0, k - 1)).orthogonalMatrix;
  const signs = q
    .transpose()
    .mmul(a)
    .diagonal()
    .slice(0, k)
    .map((x) => (x < 0 ? -1 : 1));
  q.mulRowVector(signs);
  return { q, r: q.transpose().mmul(a) };
}

const rectangles: readonly Case[] = [
  ofShapes('tall', undefined, [2, 4, 3]),
  ofShapes('wide', undefined, [2, 3, 5]),
  ofShapes('square', undefined, [3, 3]),
  ofShapes('one element', undefined, [1, 1]),
  ofShapes('no matrices', undefined, [0, 2, 2]),
];

const systems = (options?: object): readonly Case[] => [
  ofShapes('batch', options, [2, 3, 3], [2, 3, 2]),
  ofShapes('shared matrix', options, [3, 3], [2, 3, 2]),
  ofShapes('repeated right side', options, [2, 3, 3], [3, 1]),
  ofShapes('one system', options, [3, 3], [3, 2]),
  ofShapes('a vector', options, [3, 3], [3]),
  ofShapes('one element', options, [1, 1], [1, 1]),
  ofShapes('no right sides', options, [3, 3], [3, 0]),
];

/** X of A X = Y with broadcast leading axes. */
const solutions =
  (matrixOf: (a: Matrix, options: any) => Matrix): Row['reference'] =>
  ([a, y], options) => {
    const isVector = y!.shape.length === 1;
    const right: NdArray = isVector ? { shape: [...y!.shape, 1], data: y!.data } : y!;
    const [matrices, sides] = [matricesOf(a!), matricesOf(right)];
    const batch = a!.shape.length > right.shape.length ? a!.shape.slice(0, -2) : right.shape.slice(0, -2);
    const last = right.shape.slice(-2);
    if (last.includes(0)) return { shape: y!.shape, data: new Float64Array(0) };
    const count = Math.max(matrices.length, sides.length);
    const all = Array.from({ length: count }, (_, i) =>
      solve(matrixOf(matrices[i % matrices.length]!, options), sides[i % sides.length]!),
    );
    const result = stackedAs(batch, all, last);
    return isVector ? { shape: result.shape.slice(0, -1), data: result.data } : result;
  };

const systemExamples: Row['examples'] = [
  { axes: [0, 0], output: 0 },
  { of: 'shared matrix', axes: [null, 0], output: 0 },
];

const triangles: readonly Case[] = [
  ...systems({}),
  ...[{ transposed: true }, { lower: false }, { lower: false, transposed: true }].map((options) =>
    ofShapes(Object.keys(options).join(' and '), options, [2, 3, 3], [2, 3, 2]),
  ),
  ofShapes('unit diagonal', { unitDiagonal: true }, [2, 3, 3], [2, 3, 2]),
];

const triangleOf = (a: Matrix, { lower = true, transposed = false, unitDiagonal = false }: any): Matrix => {
  const n = a.rows;
  const part = dominantReference(a);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) if (lower ? j > i : j < i) part.set(i, j, 0);
    if (unitDiagonal) part.set(i, i, 1);
  }
  return transposed ? part.transpose() : part;
};

/** Factorisations, and what is solved with them. */
export const linalg: readonly Row[] = [
  {
    name: 'cholesky',
    run: ([a]) => cholesky(definite(a!)),
    reference: ([a]) =>
      mapMatrices(a!, a!.shape.slice(-2), (m) =>
        m.rows === 0 ? m : new CholeskyDecomposition(definiteReference(m)).lowerTriangularMatrix,
      ),
    cases: squares(),
    large: ofShapes('large', undefined, [600, 600]),
    tolerance: TOLERANCE,
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'triangularSolve',
    run: ([t, y], options) => triangularSolve(dominant(t!), y!, options),
    reference: solutions(triangleOf),
    cases: triangles,
    large: ofShapes('large', {}, [8, 100, 100], [8, 100, 40]),
    tolerance: TOLERANCE,
    examples: systemExamples,
    mixes: [{ of: 'one system', axes: [null, 0] }],
  },
  {
    name: 'choleskySolve',
    run: ([l, y]) => choleskySolve(dominant(l!), y!),
    reference: solutions((a) => {
      const l = triangleOf(a, {});
      return l.mmul(l.transpose());
    }),
    cases: systems(),
    large: ofShapes('large', undefined, [8, 100, 100], [8, 100, 40]),
    tolerance: TOLERANCE,
    examples: systemExamples,
  },
  {
    name: 'solveSpd',
    run: ([a, y]) => solveSpd(definite(a!), y!),
    reference: solutions(definiteReference),
    cases: systems(),
    large: ofShapes('large', undefined, [4, 60, 60], [4, 60, 40]),
    tolerance: TOLERANCE,
    examples: systemExamples,
  },
  {
    name: 'eigh',
    run: ([a]) => {
      const { values, vectors } = eigh(a!);
      return [values, vectors];
    },
    reference: ([a]) => [
      mapMatrices(a!, a!.shape.slice(-1), (m) => row(eighOf(m).values)),
      mapMatrices(a!, a!.shape.slice(-2), (m) => eighOf(m).vectors),
    ],
    cases: squares(),
    large: ofShapes('large', undefined, [220, 220]),
    tolerance: TOLERANCE,
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ of: 'one matrix', axes: [1] }],
  },
  {
    name: 'eigvalsh',
    run: ([a]) => eigvalsh(a!),
    reference: ([a]) => mapMatrices(a!, a!.shape.slice(-1), (m) => row(eighOf(m).values)),
    cases: squares(),
    large: ofShapes('large', undefined, [220, 220]),
    tolerance: TOLERANCE,
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'svd',
    run: ([a]) => {
      const { u, s, vh } = svd(a!);
      return [u, s, vh];
    },
    reference: ([a]) => {
      const [m, n] = a!.shape.slice(-2) as [number, number];
      const k = Math.min(m, n);
      return [
        mapMatrices(a!, [m, k], (x) => svdOf(x).u),
        mapMatrices(a!, [k], (x) => row(svdOf(x).s)),
        mapMatrices(a!, [k, n], (x) => svdOf(x).vh),
      ];
    },
    cases: rectangles,
    large: ofShapes('large', undefined, [220, 240]),
    tolerance: TOLERANCE,
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ of: 'square', axes: [1] }],
  },
  {
    name: 'svdvals',
    run: ([a]) => svdvals(a!),
    reference: ([a]) => mapMatrices(a!, [Math.min(...a!.shape.slice(-2))], (x) => row(svdOf(x).s)),
    cases: rectangles,
    large: ofShapes('large', undefined, [240, 220]),
    tolerance: TOLERANCE,
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'qr',
    run: ([a]) => {
      const { q, r } = qr(a!);
      return [q, r];
    },
    reference: ([a]) => {
      const [m, n] = a!.shape.slice(-2) as [number, number];
      const k = Math.min(m, n);
      return [mapMatrices(a!, [m, k], (x) => qrOf(x).q), mapMatrices(a!, [k, n], (x) => qrOf(x).r)];
    },
    cases: rectangles,
    large: ofShapes('large', undefined, [240, 220]),
    tolerance: TOLERANCE,
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ of: 'square', axes: [1] }],
  },
];
