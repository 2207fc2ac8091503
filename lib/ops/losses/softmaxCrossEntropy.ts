import { OptionError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, mul, neg, ones, sub, zerosLike } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { takeAlong, takeAlongGrad } from '../indexing/takeAlong';
import { classRows, logSoftmax, softmax } from '../networks/softmax';
import { mean } from '../reduce/reduce';
import { sum } from '../reduce/sum';
import { expandDims, reshape } from '../shape/reshape';
import { asIndices } from '../indices';
import { checkIgnored, checkLabels, countedLabels, countOf, IGNORED_LABEL, samePosition } from './labels';
import { reduced, type LossOptions } from './reduction';
import { softCrossEntropy } from './softCrossEntropy';
import { leadingAxes } from '../batching';

interface Labelling {
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
}

const numbers = ({ ignoreIndex, labelSmoothing }: Labelling): number[] => [ignoreIndex, labelSmoothing];

const crossEntropyOp = defineOp<Labelling>('softmaxCrossEntropy', {
  infer: ([logits, labels]) => {
    checkFloats('softmaxCrossEntropy', logits);
    checkLabels('softmaxCrossEntropy', logits, labels);
    return { shape: labels.shape, dtype: logits.dtype };
  },
  lower: {
    kernel: 'softmaxCrossEntropy',
    attributes: numbers,
    views: (_attributes, [logits, labels]) => ({
      inputs: [classRows(logits), [sizeOf(labels.shape)]],
      outputs: [[sizeOf(labels.shape)]],
    }),
  },
  flops: perInput(4),
  // dlogits = (softmax - t) g, where t is the smoothed onehot
  vjp: ([g], [logits, labels], _outputs, labelling) => [crossEntropyGrad(logits, labels, g, labelling), null],
  // dloss = sum((softmax - t) dlogits)
  jvp: ([dlogits], [logits, labels], [losses], labelling) => {
    if (!dlogits) return [null];
    const slope = crossEntropyGrad(logits, labels, ones(losses.shape, losses.dtype), labelling);
    return [sum(mul(dlogits, slope), { axis: -1 })];
  },
  // -sum(t logSoftmax) with t = (1 - s) onehot + s / C; 0 where the label is left out
  decompose: ([logits, labels], { ignoreIndex, labelSmoothing }) => {
    const { counted, safe } = countedLabels(labels, ignoreIndex);
    const shares = logSoftmax(logits);
    const hit = reshape(takeAlong(shares, expandDims(safe, -1)), labels.shape);
    const target =
      labelSmoothing === 0
        ? hit
        : add(mul(hit, 1 - labelSmoothing), mul(mean(shares, { axis: -1 }), labelSmoothing));
    return where(counted, neg(target), zerosLike(target));
  },
  batch: leadingAxes(0, 1),
  example: { axis: samePosition },
});

const crossEntropyGradOp = defineOp<Labelling>('softmaxCrossEntropyGrad', {
  infer: ([logits, labels, g]) => {
    checkFloats('softmaxCrossEntropyGrad', logits, g);
    checkLabels('softmaxCrossEntropyGrad', logits, labels);
    checkSame('softmaxCrossEntropyGrad', 'cotangents', g, labels.shape);
    return { shape: logits.shape, dtype: logits.dtype };
  },
  lower: {
    kernel: 'softmaxCrossEntropyGrad',
    attributes: numbers,
    views: (_attributes, [logits, labels]) => ({
      inputs: [classRows(logits), [sizeOf(labels.shape)], [sizeOf(labels.shape)]],
      outputs: [classRows(logits)],
    }),
  },
  flops: perInput(6),
  decompose: ([logits, labels, g], { ignoreIndex, labelSmoothing }) => {
    const { counted, safe } = countedLabels(labels, ignoreIndex);
    const weight = expandDims(where(counted, g, zerosLike(g)), -1);
    const classes = extent(logits.shape, -1);
    const hit = takeAlongGrad(mul(weight, 1 - labelSmoothing), expandDims(safe, -1), classes);
    const slope = mul(
      labelSmoothing === 0 ? softmax(logits) : sub(softmax(logits), labelSmoothing / classes),
      weight,
    );
    return sub(slope, hit);
  },
  batch: leadingAxes(0, 1, 2),
  example: { axis: samePosition },
});

const crossEntropyGrad = (logits: Tensor, labels: Tensor, g: Tensor, labelling: Labelling): Tensor =>
  single(crossEntropyGradOp([logits, labels, g], labelling));

export interface CrossEntropyOptions extends LossOptions {
  /** Positions with this label have loss 0, and the mean leaves them out. For labels only. Default -100, as in PyTorch. */
  readonly ignoreIndex?: number;
  /** The share of the target that is spread evenly over all classes (Szegedy et al. 2016). Default 0. */
  readonly labelSmoothing?: number;
}

const CROSS_ENTROPY_OPTIONS: Kinds<CrossEntropyOptions> = {
  ignoreIndex: 'number',
  labelSmoothing: 'number',
  reduction: 'string',
};

/**
 * The cross-entropy of softmax(logits) [..., C] with targets: int32 labels [...] that name a class each, or distributions
 * [..., C]. One loss per position and not reduced, unless an option says so:
 *
 *     loss = log(sum_c e^logits[c]) sum_c t[c] - sum_c t[c] logits[c]
 *
 * where t is the distribution, or 1 at the label and 0 elsewhere, and `(1 - s) t + s / C` under label smoothing s.
 * Labels are not differentiable; distributions are, and need not sum to one. Reading it raises ERR_INDEX for a label
 * outside [0, C) other than `ignoreIndex`.
 *
 * @example
 * softmaxCrossEntropy(matmul(x, w), labels, { reduction: 'mean', labelSmoothing: 0.1 });
 * @throws ShapeError unless labels have the shape of the logits but for the classes, or distributions that of the logits;
 *   DTypeError unless logits are floats and targets int32 or of their dtype; OptionError for a misspelled or impossible
 *   option.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  checkTensors('softmaxCrossEntropy', { logits, targets });
  checkKinds('softmaxCrossEntropy', options, CROSS_ENTROPY_OPTIONS);
  const { ignoreIndex = IGNORED_LABEL, labelSmoothing = 0, reduction } = options;
  checkIgnored('softmaxCrossEntropy', ignoreIndex);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new OptionError(`softmaxCrossEntropy: labelSmoothing must be from 0 to 1, got ${labelSmoothing}`);
  }
  if (targets.dtype === logits.dtype) {
    if (options.ignoreIndex !== undefined) {
      throw new OptionError(
        'softmaxCrossEntropy: ignoreIndex is for labels; distributions have none to leave out',
      );
    }
    checkSame('softmaxCrossEntropy', 'distributions', targets, logits.shape);
    const smoothed =
      labelSmoothing === 0
        ? targets
        : add(mul(targets, 1 - labelSmoothing), labelSmoothing / extent(logits.shape, -1));
    return reduced('softmaxCrossEntropy', softCrossEntropy(logits, smoothed), reduction);
  }
  const labels = asIndices('softmaxCrossEntropy', targets, logits.shape.at(-1) ?? 0, 'labels');
  const losses = single(crossEntropyOp([logits, labels], { ignoreIndex, labelSmoothing }));
  const count = reduction === 'mean' ? countOf(labels, ignoreIndex, losses) : undefined;
  return reduced('softmaxCrossEntropy', losses, reduction, count);
}
