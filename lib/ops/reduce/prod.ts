import { checkKinds, checkTensors } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { normalizeAxes, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, mul } from '../elementwise/arithmetic';
import { cumprod } from '../scan/cumprod';
import { before } from '../scan/scanAxis';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { REDUCE_OPTIONS, type ReduceOptions, sum, withoutAxes } from './sum';

const prodOp = defineOp<{ axes: readonly number[] }>('prod', {
  infer: ([x], { axes }) => ({
    shape: x.shape.map((own, axis) => (axes.includes(axis) ? 1 : own)),
    dtype: x.dtype,
  }),
  lower: { kernel: 'prod', attributes: ({ axes }) => axes },
  // dy = sum_i dx_i (product of the others)
  vjp: ([g], [x], _outputs, { axes }) => [mul(g, productOfOthers(x, axes))],
  jvp: ([dx], [x], _outputs, { axes }) => [
    dx && sum(mul(dx, productOfOthers(x, axes)), { axis: axes, keepDims: true }),
  ],
  example: {
    axis: ({ first, attributes: { axes }, mixes }) =>
      axes.includes(first.axis) ? mixes('it multiplies examples with each other') : first,
    through: ({ site, inputs: [x], attributes: { axes } }) =>
      site.kind === 'dense' ? { kind: 'dense', values: mul(site.values, productOfOthers(x, axes)) } : null,
  },
  batch: ({ inputs, attributes: { axes }, apply }) => apply(inputs, { axes: axes.map((axis) => axis + 1) }),
  flops: perInput(1),
});

/** For each element the product of those before it and those after it: nothing is divided, so zeros do no harm. */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const turned = transpose(x, order);
  const line = reshape(turned, [
    ...withoutAxes(x.shape, axes),
    sizeOf(axes.map((axis) => x.shape[axis] ?? 1)),
  ]);
  const axis = kept.length;
  const left = before(cumprod(line, { axis }), { axis, reverse: false }, 1);
  const right = before(cumprod(line, { axis, reverse: true }), { axis, reverse: true }, 1);
  const back = order.map((_, position) => order.indexOf(position));
  return transpose(reshape(mul(left, right), turned.shape), back);
}

/**
 * The product over some axes (all by default); 1 over an empty one. Derivatives are right where elements are zero, in every
 * order. bool and uint8 give int32, and int32 wraps around.
 */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors('prod', { x });
  checkKinds('prod', options, REDUCE_OPTIONS);
  const { axis, keepDims = false } = options;
  const numbers = x.dtype === 'bool' || x.dtype === 'uint8' ? cast(x, 'int32') : x;
  const axes = normalizeAxes('prod', axis, x.shape.length);
  const reduced = axes.length === 0 ? numbers : single(prodOp([numbers], { axes }));
  return keepDims ? reduced : reshape(reduced, withoutAxes(x.shape, axes));
}
