import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { perInput } from '../../graph/flops';
import { defineOp, single, type AxisUse, type Op } from '../../graph/op';
import { extent, normalizeAxis, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { div, log, mul, sub } from '../elementwise/arithmetic';
import { exp } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { stopGradient } from '../shape/identity';
import { max } from '../reduce/reduce';
import { sum } from '../reduce/sum';
import { moveAxis } from '../shape/transpose';
import { agreedAxis } from '../agreedAxis';
import { leadingAxes } from '../batching';

const LAST = { axis: -1, keepDims: true } as const;

/** The kernels' view of a tensor of scores: [rows, classes]. */
export const classRows = ({ shape }: Spec): Shape => [sizeOf(shape.slice(0, -1)), extent(shape, -1)];

/** Every row of scores is one distribution. */
function sameRow(use: AxisUse<object>): ExampleAxis {
  const axis = agreedAxis(use);
  return axis.axis < use.inputs[0].shape.length - 1 ? axis : use.mixes('it normalises over the example axis');
}

/** `x` minus its largest score, which takes part as a constant: adding one to all scores changes nothing. */
const shifted = (x: Tensor): Tensor => sub(x, stopGradient(max(x, LAST)));

const pulled = (g: Tensor, y: Tensor): Tensor => mul(y, sub(g, sum(mul(y, g), LAST)));

/** `J v = y (v - sum(y v))` for `y = softmax(x)`; J is symmetric, so this is both rules. */
const softmaxGradOp = defineOp('softmaxGrad', {
  infer: ([y, g]) => {
    checkFloats('softmaxGrad', y, g);
    checkSame('softmaxGrad', 'cotangents', g, y.shape);
    return scores('softmaxGrad', y);
  },
  lower: {
    kernel: 'softmaxGrad',
    views: (_attributes, [y]) => ({ inputs: [classRows(y), classRows(y)], outputs: [classRows(y)] }),
  },
  flops: perInput(2),
  decompose: ([y, g]) => pulled(g, y),
  batch: leadingAxes(0, 1),
  example: { axis: sameRow },
});

const softmaxPartial = (v: Tensor, y: Tensor): Tensor => single(softmaxGradOp([y, v], {}));

const softmaxOp = defineOp('softmax', {
  infer: ([x]) => scores('softmax', x),
  lower: {
    kernel: 'softmax',
    views: (_attributes, [x], [y]) => ({ inputs: [classRows(x)], outputs: [classRows(y)] }),
  },
  flops: perInput(5),
  vjp: ([g], _inputs, [y]) => [softmaxPartial(g, y)],
  jvp: ([dx], _inputs, [y]) => [dx && softmaxPartial(dx, y)],
  decompose: ([x]) => {
    const powers = exp(shifted(x));
    return div(powers, sum(powers, LAST));
  },
  batch: leadingAxes(0),
  example: {
    axis: sameRow,
    through: ({ site, outputs: [y] }) =>
      site.kind === 'dense' ? { kind: 'dense', values: pulled(site.values, y) } : null,
  },
});

const logSoftmaxOp = defineOp('logSoftmax', {
  infer: ([x]) => scores('logSoftmax', x),
  lower: {
    kernel: 'logSoftmax',
    views: (_attributes, [x], [y]) => ({ inputs: [classRows(x)], outputs: [classRows(y)] }),
  },
  flops: perInput(5),
  vjp: ([g], _inputs, [y]) => [logSoftmaxTransposed(g, y)],
  // dy = dx - sum(e^y dx)
  jvp: ([dx], _inputs, [y]) => [dx && sub(dx, sum(mul(exp(y), dx), LAST))],
  decompose: ([x]) => {
    const z = shifted(x);
    return sub(z, log(sum(exp(z), LAST)));
  },
  batch: leadingAxes(0),
  example: {
    axis: sameRow,
    through: ({ site, outputs: [y] }) =>
      site.kind === 'dense' ? { kind: 'dense', values: logSoftmaxTransposed(site.values, y) } : null,
  },
});

/** `J^T g = g - e^y sum(g)` */
const logSoftmaxTransposed = (g: Tensor, y: Tensor): Tensor => sub(g, mul(exp(y), sum(g, LAST)));

function scores(where: string, x: Spec): Spec {
  checkFloats(where, x);
  normalizeAxis(where, -1, x.shape.length);
  return { shape: x.shape, dtype: x.dtype };
}

export interface SoftmaxOptions {
  /** The axis of the classes. Default -1, which is also the fastest. */
  readonly axis?: number;
}

const SOFTMAX_OPTIONS: Kinds<SoftmaxOptions> = { axis: 'number' };

const along =
  (op: Op): ((x: Tensor, options?: SoftmaxOptions) => Tensor) =>
  (x, options = {}) => {
    checkTensors(op.name, { x });
    checkKinds(op.name, options, SOFTMAX_OPTIONS);
    const { axis = -1 } = options;
    const at = normalizeAxis(op.name, axis, x.shape.length);
    return moveAxis(single(op([moveAxis(x, at, -1)], {})), -1, at);
  };

/**
 * `y = e^x / sum(e^x)` over one axis, without overflow. NaN where all scores are -Infinity, as in PyTorch; attention takes
 * such rows for zeros.
 *
 * @throws ShapeError for an axis that is not there; DTypeError for anything but floats.
 */
export const softmax = along(softmaxOp);

/**
 * `y = x - log(sum(e^x))` over one axis, without overflow: the logarithm of `softmax`, exact where that rounds to 0.
 *
 * @throws ShapeError for an axis that is not there; DTypeError for anything but floats.
 */
export const logSoftmax = along(logSoftmaxOp);
