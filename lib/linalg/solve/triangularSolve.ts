import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, single, type Site, type SiteUse } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { neg, sub } from '../../ops/elementwise/arithmetic';
import { examplesFirst } from '../../ops/examplesFirst';
import { matmul } from '../../ops/products/matmul';
import { transpose } from '../../ops/shape/transpose';
import { productTB, stacked } from '../matrices';
import { checkSystem, exampleAxisOfSystem, withMatrixColumns } from './system';
import { tril, triu } from '../../ops/shape/triangle';

interface Triangle {
  readonly lower: boolean;
  readonly transposed: boolean;
  readonly unit: boolean;
}

const triangularSolveOp = defineOp<Triangle>('triangularSolve', {
  infer: ([t, y]) => {
    checkSystem('triangularSolve', t, y);
    return { shape: y.shape, dtype: y.dtype };
  },
  lower: {
    kernel: 'triangularSolve',
    attributes: ({ lower, transposed, unit }) => [lower, transposed, unit].map(Number),
    views: (_attributes, [t, y]) => ({ inputs: [stacked(t), stacked(y)], outputs: [stacked(y)] }),
  },
  flops: ([t], [x]) => sizeOf(x.shape) * extent(t.shape, -1),
  // T X = Y: dY = T^-T G; dT = -dY X^T, within the triangle. For T^T X = Y: dT = -X dY^T.
  vjp: ([g], [t], [x], triangle, [wantT]) => {
    const dy = solved(t, g, { ...triangle, transposed: !triangle.transposed });
    return [wantT ? neg(within(outer(dy, x, triangle), triangle)) : null, dy];
  },
  // dX = T^-1 (dY - dT X)
  jvp: ([dt, dy], [t], [x], triangle) => {
    const part = dt && within(dt, triangle);
    const change = part && matmul(triangle.transposed ? transpose(part) : part, x);
    const right = change ? (dy ? sub(dy, change) : neg(change)) : dy;
    return [right && solved(t, right, triangle)];
  },
  example: { axis: exampleAxisOfSystem(0), site: siteOfSystem },
});

const solved = (t: Tensor, y: Tensor, triangle: Triangle): Tensor =>
  single(triangularSolveOp([t, y], triangle));

const outer = (dy: Tensor, x: Tensor, { transposed }: Triangle): Tensor =>
  transposed ? productTB(x, dy) : productTB(dy, x);

/** The entries of a matrix that belong to the triangle. */
const within = (m: Tensor, { lower, unit }: Triangle): Tensor =>
  lower ? tril(m, { offset: unit ? -1 : 0 }) : triu(m, { offset: unit ? 1 : 0 });

/** The per-example gradient of a matrix, or of a right side, that all examples share. */
function siteOfSystem({
  which,
  inputs: [t],
  outputs: [x],
  cotangents: [g],
  outputAxis,
  attributes,
}: SiteUse<Triangle>): Site {
  const dy = solved(t, g, { ...attributes, transposed: !attributes.transposed });
  const back = examplesFirst(dy, outputAxis);
  if (which === 1) return { kind: 'dense', values: back };
  return {
    kind: 'dense',
    values: neg(within(outer(back, examplesFirst(x, outputAxis), attributes), attributes)),
  };
}

export interface TriangularSolveOptions {
  /** Which triangle of the matrix counts; the other is not read. Default true, the lower one. */
  readonly lower?: boolean;
  /** Solve with the transposed matrix. Default false. */
  readonly transposed?: boolean;
  /** Take the diagonal for ones; it is not read. Default false. */
  readonly unitDiagonal?: boolean;
}

const TRIANGULAR_SOLVE_OPTIONS: Kinds<TriangularSolveOptions> = {
  lower: 'boolean',
  transposed: 'boolean',
  unitDiagonal: 'boolean',
};

/**
 * X of `T X = Y` for triangular matrices t [..., n, n] and right sides y [..., n, k], or one right side [n]; leading axes
 * broadcast. A single matrix takes all right sides at once.
 *
 * @example
 * triangularSolve(cholesky(a), y);                              // L^-1 Y
 * @throws ShapeError or DTypeError when the shapes or dtypes do not fit; OptionError for a misspelled option; reading it
 *   raises ERR_SINGULAR for a zero on the diagonal.
 */
export function triangularSolve(t: Tensor, y: Tensor, options: TriangularSolveOptions = {}): Tensor {
  checkTensors('triangularSolve', { t, y });
  checkKinds('triangularSolve', options, TRIANGULAR_SOLVE_OPTIONS);
  const { lower = true, transposed = false, unitDiagonal = false } = options;
  return withMatrixColumns('triangularSolve', t, y, (matrix, right) =>
    solved(matrix, right, { lower, transposed, unit: unitDiagonal }),
  );
}
