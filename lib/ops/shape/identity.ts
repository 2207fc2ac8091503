import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';

const identityOp = defineOp('identity', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: 'alias',
  linearity: 'linear',
  vjp: ([g]) => [g],
  batch: 'each',
  example: { axis: ({ first }) => first, through: ({ site }) => site },
});

/** The same tensor as a new node: what a transform differentiates with respect to. Costs nothing. */
export const identity = (x: Tensor): Tensor => single(identityOp([x], {}));

const stopGradientOp = defineOp('stopGradient', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: 'alias',
  constant: true,
  batch: 'each',
  example: { axis: ({ first }) => first },
});

/** The same values, counted as a constant by every derivative. */
export const stopGradient = (x: Tensor): Tensor => single(stopGradientOp([x], {}));
