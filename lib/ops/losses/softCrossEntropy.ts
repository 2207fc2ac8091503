import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { normalizeAxis, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, mul, neg, ones, sub } from '../elementwise/arithmetic';
import { checkFloats, checkSame } from '../floats';
import { classRows, logSoftmax, softmax } from '../networks/softmax';
import { sum } from '../reduce/sum';
import { expandDims } from '../shape/reshape';
import { samePosition } from './labels';
import { leadingAxes } from '../batching';

// The cross-entropy with targets that are distributions: what `softmaxCrossEntropy` uses for them.

const positions = ({ shape }: Spec): Shape => [sizeOf(shape.slice(0, -1))];

function checkTargets(where: string, logits: Spec, targets: Spec): void {
  checkFloats(where, logits, targets);
  normalizeAxis(where, -1, logits.shape.length);
  checkSame(where, 'distributions', targets, logits.shape);
}

const softCrossEntropyOp = defineOp('softCrossEntropy', {
  infer: ([logits, targets]) => {
    checkTargets('softmaxCrossEntropy', logits, targets);
    return { shape: logits.shape.slice(0, -1), dtype: logits.dtype };
  },
  lower: {
    kernel: 'softCrossEntropy',
    views: (_attributes, [logits]) => ({
      inputs: [classRows(logits), classRows(logits)],
      outputs: [positions(logits)],
    }),
  },
  flops: perInput(7),
  // dlogits = (softmax sum(t) - t) g, dt = -logSoftmax g
  vjp: ([g], [logits, targets], _outputs, _attributes, [wantLogits, wantTargets]) => [
    wantLogits ? softCrossEntropyGrad(logits, targets, g) : null,
    wantTargets ? neg(mul(logSoftmax(logits), expandDims(g, -1))) : null,
  ],
  // dloss = sum((softmax sum(t) - t) dlogits) - sum(logSoftmax dt)
  jvp: ([dlogits, dtargets], [logits, targets], [losses]) => {
    const parts: Tensor[] = [];
    if (dlogits) {
      const slope = softCrossEntropyGrad(logits, targets, ones(losses.shape, losses.dtype));
      parts.push(sum(mul(dlogits, slope), { axis: -1 }));
    }
    if (dtargets) parts.push(neg(sum(mul(logSoftmax(logits), dtargets), { axis: -1 })));
    return [parts.reduce(add)];
  },
  decompose: ([logits, targets]) => neg(sum(mul(targets, logSoftmax(logits)), { axis: -1 })),
  batch: leadingAxes(0, 1),
  example: { axis: samePosition },
});

const softCrossEntropyGradOp = defineOp('softCrossEntropyGrad', {
  infer: ([logits, targets, g]) => {
    checkTargets('softCrossEntropyGrad', logits, targets);
    checkFloats('softCrossEntropyGrad', logits, g);
    checkSame('softCrossEntropyGrad', 'cotangents', g, logits.shape.slice(0, -1));
    return { shape: logits.shape, dtype: logits.dtype };
  },
  lower: {
    kernel: 'softCrossEntropyGrad',
    views: (_attributes, [logits]) => ({
      inputs: [classRows(logits), classRows(logits), positions(logits)],
      outputs: [classRows(logits)],
    }),
  },
  flops: perInput(9),
  decompose: ([logits, targets, g]) => {
    const mass = sum(targets, { axis: -1, keepDims: true });
    return mul(sub(mul(softmax(logits), mass), targets), expandDims(g, -1));
  },
  batch: leadingAxes(0, 1, 2),
  example: { axis: samePosition },
});

const softCrossEntropyGrad = (logits: Tensor, targets: Tensor, g: Tensor): Tensor =>
  single(softCrossEntropyGradOp([logits, targets, g], {}));

/** `-sum_c t[c] logSoftmax(logits)[c]` for targets t shaped like the logits [..., C]; [...]. */
export const softCrossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  single(softCrossEntropyOp([logits, targets], {}));
