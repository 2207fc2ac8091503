import { defineOp, several, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { batchAxis, batchOf, checkSquare, stacked } from '../matrices';
import { exampleAxisOfSystem } from '../solve/system';

// What `solve` and the public `lu` are made of. Derivatives do not go through the factors, which are constants here.

const luFactorOp = defineOp('luFactor', {
  infer: ([a]) => {
    checkSquare('luFactor', a);
    return [
      { shape: a.shape, dtype: a.dtype },
      { shape: a.shape.slice(0, -1), dtype: 'int32' },
    ];
  },
  lower: {
    kernel: 'luFactor',
    views: (_attributes, [a], [, pivots]) => ({
      inputs: [stacked(a)],
      outputs: [stacked(a), stacked(pivots, 1)],
    }),
  },
  flops: ([a]) => (2 * sizeOf(batchOf(a)) * extent(a.shape, -1) ** 3) / 3,
  constant: true,
  example: { axis: batchAxis },
});

const luSolveOp = defineOp<{ transposed: boolean }>('luSolve', {
  infer: ([, , y]) => ({ shape: y.shape, dtype: y.dtype }),
  lower: {
    kernel: 'luSolve',
    attributes: ({ transposed }) => [Number(transposed)],
    views: (_attributes, [lu, pivots, y]) => ({
      inputs: [stacked(lu), stacked(pivots, 1), stacked(y)],
      outputs: [stacked(y)],
    }),
  },
  flops: ([lu], [x]) => 2 * sizeOf(x.shape) * extent(lu.shape, -1),
  constant: true,
  example: { axis: exampleAxisOfSystem(0) },
});

/** What `luSolve` solves with: both factors in one matrix [..., n, n], and the row exchanges [..., n], counted from 0. */
export interface LuFactors {
  readonly lu: Tensor;
  readonly pivots: Tensor;
}

/** Factors of matrices [..., n, n] with row exchanges, `P A = L U`; a zero pivot is no error. A constant for derivatives. */
export function luFactor(a: Tensor): LuFactors {
  const [lu, pivots] = several(luFactorOp([a], {}));
  return { lu, pivots };
}

/** X of `A X = Y`, or of `A^T X = Y`, given the factors; a constant for derivatives. A zero pivot raises ERR_SINGULAR. */
export const luSolve = ({ lu, pivots }: LuFactors, y: Tensor, transposed: boolean): Tensor =>
  single(luSolveOp([lu, pivots, y], { transposed }));

/** X of `A X = Y`, or of `A^T X = Y`, by Gaussian elimination with row exchanges; a constant for derivatives. */
export const eliminate = (a: Tensor, y: Tensor, transposed: boolean): Tensor =>
  luSolve(luFactor(a), y, transposed);

const rowOrderOp = defineOp('rowOrder', {
  infer: ([pivots]) => ({ shape: pivots.shape, dtype: 'int32' }),
  lower: {
    kernel: 'rowOrder',
    views: (_attributes, [pivots]) => ({ inputs: [stacked(pivots, 1)], outputs: [stacked(pivots, 1)] }),
  },
  constant: true,
  example: {
    axis: ({ first, inputs: [pivots], mixes }) =>
      first.axis === pivots.shape.length - 1 ? mixes('the examples are rows of its matrices') : first,
  },
});

/** Which row of the matrix each row of the product of the factors is, int32 [..., n]. */
export const rowOrder = (pivots: Tensor): Tensor => single(rowOrderOp([pivots], {}));
