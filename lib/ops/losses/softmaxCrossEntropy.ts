import { DTypeError } from '../../errors';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { perInput } from '../../graph/flops';
import { defineOp, single, type AxisUse } from '../../graph/op';
import { extent, normalizeAxis, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { mul, neg, ones, sub } from '../elementwise/arithmetic';
import { checkFloats, checkSame } from '../floats';
import { expandDims, reshape } from '../shape/reshape';
import { classRows, logSoftmax, softmax } from '../networks/softmax';
import { sum } from '../reduce/sum';
import { takeAlong, takeAlongGrad } from '../indexing/takeAlong';

/** Logits [..., C] and labels [...] have the examples on the same axis, which is not that of the classes. */
function samePosition(use: AxisUse<object>): ExampleAxis {
  const axis = agreedAxis(use);
  const positions = use.inputs[0].shape.length - 1;
  return axis.axis < positions ? axis : use.mixes('it normalises over the example axis');
}

function checkLabels(where: string, logits: Spec, labels: Spec): void {
  normalizeAxis(where, -1, logits.shape.length);
  if (labels.dtype !== 'int32') throw new DTypeError(`${where}: int32 labels expected, got ${labels.dtype}`);
  checkSame(where, 'labels', labels, logits.shape.slice(0, -1));
}

const crossEntropyOp = defineOp('softmaxCrossEntropy', {
  infer: ([logits, labels]) => {
    checkFloats('softmaxCrossEntropy', logits);
    checkLabels('softmaxCrossEntropy', logits, labels);
    return { shape: labels.shape, dtype: logits.dtype };
  },
  lower: {
    kernel: 'softmaxCrossEntropy',
    views: (_attributes, [logits, labels]) => ({
      inputs: [classRows(logits), [sizeOf(labels.shape)]],
      outputs: [[sizeOf(labels.shape)]],
    }),
  },
  flops: perInput(4),
  // dlogits = (softmax - onehot) g
  vjp: ([g], [logits, labels]) => [crossEntropyGrad(logits, labels, g), null],
  // dloss = sum((softmax - onehot) dlogits)
  jvp: ([dlogits], [logits, labels], [losses]) => [
    dlogits &&
      sum(mul(dlogits, crossEntropyGrad(logits, labels, ones(losses.shape, losses.dtype))), { axis: -1 }),
  ],
  decompose: ([logits, labels]) =>
    reshape(neg(takeAlong(logSoftmax(logits), expandDims(labels, -1))), labels.shape),
  example: { axis: samePosition },
});

const crossEntropyGradOp = defineOp('softmaxCrossEntropyGrad', {
  infer: ([logits, labels, g]) => {
    checkFloats('softmaxCrossEntropyGrad', logits, g);
    checkLabels('softmaxCrossEntropyGrad', logits, labels);
    checkSame('softmaxCrossEntropyGrad', 'cotangents', g, labels.shape);
    return { shape: logits.shape, dtype: logits.dtype };
  },
  lower: {
    kernel: 'softmaxCrossEntropyGrad',
    views: (_attributes, [logits, labels]) => ({
      inputs: [classRows(logits), [sizeOf(labels.shape)], [sizeOf(labels.shape)]],
      outputs: [classRows(logits)],
    }),
  },
  flops: perInput(6),
  decompose: ([logits, labels, g]) => {
    const weight = expandDims(g, -1);
    const hit = takeAlongGrad(weight, expandDims(labels, -1), extent(logits.shape, -1));
    return sub(mul(softmax(logits), weight), hit);
  },
  example: { axis: samePosition },
});

const crossEntropyGrad = (logits: Tensor, labels: Tensor, g: Tensor): Tensor =>
  single(crossEntropyGradOp([logits, labels, g], {}));

/**
 * The cross-entropy of softmax(logits) [..., C] with the class that int32 labels [...] name, one loss per position and not
 * reduced, `loss = log(sum_c e^logits[c]) - logits[label]`. Labels are not differentiable. Reading it raises ERR_INDEX for
 * a label outside [0, C).
 *
 * @example
 * mean(softmaxCrossEntropy(matmul(x, w), labels));
 * @throws ShapeError unless labels have the shape of the logits but for the classes; DTypeError unless logits are floats
 *   and labels int32.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return single(crossEntropyOp([logits, labels], {}));
}
