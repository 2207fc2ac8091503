import { defineOp, single } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, equal, mul, notEqual, onesLike, zerosLike } from '../../ops/elementwise/arithmetic';
import { abs, where } from '../../ops/elementwise/math';
import { leadingAxes } from '../../ops/batching';
import { inFloat32 } from '../../ops/inFloat32';
import { iota } from '../../ops/indexing/iota';
import { prod } from '../../ops/reduce/prod';
import { max } from '../../ops/reduce/reduce';
import { broadcastTo } from '../../ops/reduce/sum';
import { diagEmbed, diagonal } from '../../ops/shape/diagonal';
import { stopGradient } from '../../ops/shape/identity';
import { expandDims } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { eye } from '../../ops/shape/triangle';
import { luFactor, luSolve } from '../factor/lu';
import { batchAxis } from '../matrices';
import { inverse } from '../solve/solve';
import { epsilonOf } from '../tolerance';

/** Gives the cofactors, the first input, the derivatives of what they are for invertible matrices. */
const cofactorsOp = defineOp<{ det: (a: Tensor) => Tensor }>('cofactors', {
  infer: ([c]) => ({ shape: c.shape, dtype: c.dtype }),
  lower: 'alias',
  flops: () => 0,
  decompose: ([, a], { det }) => mul(expandDims(expandDims(det(a), -1), -1), transpose(inverse(a))),
  example: { axis: batchAxis },
  batch: leadingAxes(0, 1),
});

/**
 * The cofactors of matrices [..., n, n], the gradients of their determinants: `det(A) A^-T`, and right where there is no
 * inverse. A zero among the pivots counts as a number of the size of its rounding error: one cancels in the product, and of
 * two a zero is left. Second derivatives need the inverse.
 */
export function cofactors(a: Tensor, det: (a: Tensor) => Tensor): Tensor {
  if (extent(a.shape, -1) <= 1) return onesLike(a);
  return inFloat32((x) => single(cofactorsOp([cofactorsOf(stopGradient(x)), x], { det })), a);
}

function cofactorsOf(a: Tensor): Tensor {
  const n = extent(a.shape, -1);
  const { lu, pivots } = luFactor(a);
  const diagonals = diagonal(lu);
  const isZero = equal(diagonals, 0);
  const largest = max(abs(lu), { axis: [-2, -1] });
  const scale = where(equal(largest, 0), onesLike(largest), largest);
  const least = broadcastTo(expandDims(mul(scale, epsilonOf(a)), -1), diagonals.shape);
  const repaired = add(lu, diagEmbed(where(isZero, least, zerosLike(least))));
  // Every exchange of rows changes the sign.
  const signs = where(notEqual(pivots, iota(n)), mul(onesLike(diagonals), -1), onesLike(diagonals));
  const determinant = prod(mul(diagonal(repaired), signs), { axis: -1 });
  const inverses = luSolve({ lu: repaired, pivots }, broadcastTo(eye(n, { dtype: a.dtype }), a.shape), true);
  return mul(expandDims(expandDims(determinant, -1), -1), inverses);
}
