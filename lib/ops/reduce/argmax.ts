import { ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, single, type Op } from '../../graph/op';
import { formatShape, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast } from '../elementwise/arithmetic';
import { reshape } from '../shape/reshape';
import { withoutAxes } from './sum';
import { withAttributes } from '../batchAxes';
import { checkIndexed } from '../indices';

/** argmax and argmin: they differ in the kernel alone. */
const defineArgExtreme = (name: 'argmax' | 'argmin'): Op<{ axis: number }> =>
  defineOp<{ axis: number }>(name, {
    infer: ([x], attributes) => ({
      shape: x.shape.map((own, axis) => (axis === attributes.axis ? 1 : own)),
      dtype: 'int32',
    }),
    lower: { kernel: name, attributes: ({ axis }) => [axis] },
    flops: perInput(1),
    constant: true,
    batch: withAttributes(({ axis }) => ({ axis: axis + 1 })),
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

const ARGMAX_OPTIONS: Kinds<ArgmaxOptions> = { axis: 'number', keepDims: 'boolean' };

const argExtreme =
  (name: 'argmax' | 'argmin') =>
  (op: Op<{ axis: number }>): ((x: Tensor, options?: ArgmaxOptions) => Tensor) =>
  (x, options = {}) => {
    checkTensors(name, { x });
    checkKinds(name, options, ARGMAX_OPTIONS);
    const { axis = -1, keepDims = false } = options;
    const at = normalizeAxis(name, axis, x.shape.length);
    checkIndexed(name, x.shape[at] ?? 0);
    const numbers = x.dtype === 'bool' || x.dtype === 'uint8' ? cast(x, 'int32') : x;
    if (x.shape[at] === 0) {
      throw new ShapeError(
        `${name}: an axis with elements expected, got axis ${at} of ${formatShape(x.shape)}`,
      );
    }
    const indices = single(op([numbers], { axis: at }));
    return keepDims ? indices : reshape(indices, withoutAxes(x.shape, [at]));
  };

/**
 * The int32 index of the largest element along one axis: the first of equals, and of NaNs the first if there is one.
 * @throws ShapeError for an empty axis, and for one of 2^31 elements and more.
 */
export const argmax = argExtreme('argmax')(defineArgExtreme('argmax'));

/**
 * The int32 index of the smallest element along one axis: the first of equals, and of NaNs the first if there is one.
 * @throws ShapeError for an empty axis, and for one of 2^31 elements and more.
 */
export const argmin = argExtreme('argmin')(defineArgExtreme('argmin'));
