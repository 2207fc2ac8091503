import { checkKinds, checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, equal, full, zeros, zerosLike } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { broadcastTo } from '../reduce/sum';
import { reshape } from '../shape/reshape';
import { asIndices } from '../indices';
import { aroundEach, checkValues, sameRow, type Along } from './along';
import { iota } from './iota';
import { TAKE_ALONG_OPTIONS, takeAlong, takeAlongGrad, type TakeAlongOptions } from './takeAlong';

const putOp = defineOp<Along>('put', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: {
    kernel: 'put',
    views: ({ axis }, inputs, outputs) => ({
      inputs: aroundEach(axis)(inputs),
      outputs: aroundEach(axis)(outputs),
    }),
  },
  // What was written over gets nothing back, and of several values for one place only the last has an effect.
  vjp: ([g], [, indices, values], _outputs, { axis }, [wantX, , wantValues]) => [
    wantX ? putOf(g, indices, zerosLike(values), axis) : null,
    null,
    wantValues ? where(staying(g, indices, axis), takeAlong(g, indices, { axis }), zeros([], g.dtype)) : null,
  ],
  // Linear in x and the values together.
  jvp: ([dx, , dValues], [x, indices, values], _outputs, { axis }) => [
    putOf(dx ?? zerosLike(x), indices, dValues ?? zerosLike(values), axis),
  ],
  example: { axis: sameRow },
});

const putOf = (x: Tensor, indices: Tensor, values: Tensor, axis: number): Tensor =>
  single(putOp([x, indices, values], { axis }));

/** Whether a value stays in its place, not written over by a later one; shaped like the indices. */
function staying(x: Tensor, indices: Tensor, axis: number): Tensor {
  const rows = indices.shape.slice(axis + 1).every((n) => n === 1);
  const table = x.shape.map((own, i) => (rows && i > axis ? 1 : own));
  const count = extent(indices.shape, axis);
  const numbers = reshape(
    iota(count),
    indices.shape.map((_, i) => (i === axis ? count : 1)),
  );
  const mine = broadcastTo(numbers, indices.shape);
  const written = putOf(full(table, -1, 'int32'), indices, mine, axis);
  return equal(takeAlong(written, indices, { axis }), mine);
}

/**
 * A copy with elements replaced by an index of their own along an axis, NumPy's `put_along_axis` and PyTorch's `scatter`:
 * `y[o, indices[o, m, i], i] = values[o, m, i]`. Where all axes of the int32 indices behind the axis are 1, an index places
 * a whole row. The values broadcast. Of several values for one place the last stays, and it alone gets a gradient. Reading
 * it raises ERR_INDEX for an index outside [0, V).
 *
 * @throws ShapeError when other axes differ; DTypeError unless the indices are int32 and the values of the dtype of x.
 */
export function scatterSet(
  x: Tensor,
  indices: Tensor,
  values: Tensor,
  options: TakeAlongOptions = {},
): Tensor {
  checkTensors('scatterSet', { x, indices, values });
  checkKinds('scatterSet', options, TAKE_ALONG_OPTIONS);
  const { axis = -1 } = options;
  const { at, full: all } = checkValues('scatterSet', x, indices, values, axis);
  return putOf(x, asIndices('scatterSet', indices, extent(x.shape, at)), all, at);
}

/**
 * A copy with numbers added by an index of their own along an axis, PyTorch's `scatter_add`:
 * `y[o, v, i] = x[o, v, i] + sum of values[o, m, i] over the m with indices[o, m, i] = v`, in the order of m. Where all axes
 * of the int32 indices behind the axis are 1, an index adds a whole row. The values broadcast.
 *
 * @throws ShapeError when other axes differ; DTypeError unless the indices are int32 and the values of the float dtype of x.
 */
export function scatterAdd(
  x: Tensor,
  indices: Tensor,
  values: Tensor,
  options: TakeAlongOptions = {},
): Tensor {
  checkTensors('scatterAdd', { x, indices, values });
  checkKinds('scatterAdd', options, TAKE_ALONG_OPTIONS);
  const { axis = -1 } = options;
  const { at, full: all } = checkValues('scatterAdd', x, indices, values, axis);
  return add(x, takeAlongGrad(all, indices, extent(x.shape, at), { axis: at }));
}
