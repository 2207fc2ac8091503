import { DTypeError, ShapeError } from '../../errors';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { formatShape, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { reshape } from '../shape/reshape';
import { withoutAxes } from './sum';

const argmaxOp = defineOp<{ axis: number }>('argmax', {
  infer: ([x], attributes) => ({
    shape: x.shape.map((own, axis) => (axis === attributes.axis ? 1 : own)),
    dtype: 'int32',
  }),
  lower: { kernel: 'argmax', attributes: ({ axis }) => [axis] },
  flops: perInput(1),
  constant: true,
  example: {
    axis: ({ first, attributes: { axis }, mixes }) =>
      first.axis === axis ? mixes('it compares examples with each other') : first,
  },
});

export interface ArgmaxOptions {
  /** The axis to look along. Default -1. */
  readonly axis?: number;
  /** Keep the axis with extent 1. Default false. */
  readonly keepDims?: boolean;
}

/**
 * The int32 index of the largest element along one axis: the first of equals, and of NaNs the first if there is one.
 * @throws ShapeError for an empty axis; DTypeError for bool and uint8.
 */
export function argmax(x: Tensor, { axis = -1, keepDims = false }: ArgmaxOptions = {}): Tensor {
  if (x.dtype === 'bool' || x.dtype === 'uint8') {
    throw new DTypeError(`argmax: float32, float64 or int32 expected, got ${x.dtype}; cast it first`);
  }
  const at = normalizeAxis('argmax', axis, x.shape.length);
  if (x.shape[at] === 0) {
    throw new ShapeError(`argmax: an axis with elements expected, got axis ${at} of ${formatShape(x.shape)}`);
  }
  const indices = single(argmaxOp([x], { axis: at }));
  return keepDims ? indices : reshape(indices, withoutAxes(x.shape, [at]));
}
