import { Matrix } from 'ml-matrix';
import { sizeOf, type Shape } from '../../lib/graph/shape';
import type { NdArray } from './array';

// Batches of matrices in plain JavaScript, for references made of ml-matrix.

/** The matrices of an array [..., m, n]. */
export function matricesOf({ shape, data }: NdArray): Matrix[] {
  const [m, n] = [shape.at(-2)!, shape.at(-1)!];
  return Array.from({ length: sizeOf(shape.slice(0, -2)) }, (_, b) => {
    const matrix = new Matrix(m, n);
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) matrix.set(i, j, data[(b * m + i) * n + j]!);
    return matrix;
  });
}

/** Rows of numbers one after the other under the batch axes of another array. */
export function stackedAs(batch: Shape, parts: readonly Matrix[], last: Shape): NdArray {
  return { shape: [...batch, ...last], data: Float64Array.from(parts.flatMap((part) => part.to1DArray())) };
}

/** Maps every matrix of an array [..., m, n]. */
export function mapMatrices(x: NdArray, last: Shape, f: (matrix: Matrix, which: number) => Matrix): NdArray {
  return stackedAs(x.shape.slice(0, -2), matricesOf(x).map(f), last);
}

/** The columns with the sign that makes the largest component of each positive, and what was done. */
export function withFixedSigns(vectors: Matrix): {
  readonly vectors: Matrix;
  readonly signs: readonly number[];
} {
  const signs = Array.from({ length: vectors.columns }, (_, j) => {
    const column = vectors.getColumn(j);
    const largest = column.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
    return largest < 0 ? -1 : 1;
  });
  return { vectors: vectors.clone().mulRowVector(signs), signs };
}
