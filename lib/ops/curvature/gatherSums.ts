import { DTypeError, ShapeError } from '../../errors';
import { defineOp, single } from '../../graph/op';
import { extent, formatShape, sameShape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { square } from '../elementwise/arithmetic';
import { checkFloats, checkRank } from '../floats';
import { oneHot } from '../indexing/oneHot';
import { sum } from '../reduce/sum';
import { exampleGradients } from './gradientFactors';

// Per-example gradients of a table [V, D] of which example n picks the rows indices[n, t]:
// E_n[v, d] = sum over t with indices[n, t] = v of cotangents[n, t, d].

interface Table {
  /** V. */
  readonly rows: number;
}

function checkPicks(where: string, indices: Spec, cotangents: Spec): void {
  checkFloats(where, cotangents);
  if (indices.dtype !== 'int32')
    throw new DTypeError(`${where}: int32 indices expected, got ${indices.dtype}`);
  checkRank(where, indices, 2, 'indices [N, T]');
  checkRank(where, cotangents, 3, 'cotangents [N, T, D]');
  if (!sameShape(indices.shape, cotangents.shape.slice(0, 2))) {
    throw new ShapeError(
      `${where}: one cotangent per index expected, got ${formatShape(indices.shape)} and ` +
        formatShape(cotangents.shape),
    );
  }
}

/** The gradients of all examples, stored: what the kernels never do. [N, V, D] */
const stored = (indices: Tensor, cotangents: Tensor, rows: number): Tensor =>
  exampleGradients(oneHot(indices, rows, { dtype: cotangents.dtype }), cotangents, {
    transLeft: false,
    transRight: false,
  });

const gatherSquareSumOp = defineOp<Table>('gatherSquareSum', {
  infer: ([indices, cotangents], { rows }) => {
    checkPicks('gatherSquareSum', indices, cotangents);
    return { shape: [rows, extent(cotangents.shape, 2)], dtype: cotangents.dtype };
  },
  lower: { kernel: 'gatherSquareSum' },
  decompose: ([indices, cotangents], { rows }) => sum(square(stored(indices, cotangents, rows)), { axis: 0 }),
  example: { axis: ({ mixes }) => mixes('it sums over the examples') },
});

const gatherNormsOp = defineOp<Table>('gatherNorms', {
  infer: ([indices, cotangents]) => {
    checkPicks('gatherNorms', indices, cotangents);
    return { shape: [extent(cotangents.shape, 0)], dtype: cotangents.dtype };
  },
  lower: { kernel: 'gatherNorms', attributes: ({ rows }) => [rows] },
  decompose: ([indices, cotangents], { rows }) =>
    sum(square(stored(indices, cotangents, rows)), { axis: [1, 2] }),
  example: {
    axis: (use) => {
      const axis = agreedAxis(use);
      return axis.axis === 0 ? axis : use.mixes('the examples are not on the first axis');
    },
  },
});

/**
 * The sum over examples of the squared per-example gradients of a table of `rows` rows, for int32 indices [N, T] of the
 * rows that the examples pick and the cotangents [N, T, D] of what they picked:
 *
 *     y[v, d] = sum_n (sum over t with indices[n, t] = v of cotangents[n, t, d])^2
 *
 * Rows of equal index are added within an example before they are squared; the cost does not depend on how many rows the
 * table has beyond writing them. Reading it raises ERR_INDEX for an index outside [0, rows).
 *
 * @throws ShapeError when indices and cotangents disagree; DTypeError unless they are int32 and a float.
 */
export const gatherSquareSum = (indices: Tensor, cotangents: Tensor, rows: number): Tensor =>
  single(gatherSquareSumOp([indices, cotangents], { rows }));

/**
 * The squared norms of the same per-example gradients:
 *
 *     y[n] = sum_vd (sum over t with indices[n, t] = v of cotangents[n, t, d])^2
 *
 * @throws ShapeError when indices and cotangents disagree; DTypeError unless they are int32 and a float.
 */
export const gatherNorms = (indices: Tensor, cotangents: Tensor, rows: number): Tensor =>
  single(gatherNormsOp([indices, cotangents], { rows }));
