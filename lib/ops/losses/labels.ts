import { DTypeError, OptionError } from '../../errors';
import type { ExampleAxis } from '../../graph/exampleAxis';
import type { AxisUse } from '../../graph/op';
import { normalizeAxis } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { cast, notEqual, zerosLike } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { checkSame } from '../floats';
import { sum } from '../reduce/sum';

// What losses over classes share: positions [...], each with scores of C classes and a label.

/** The label of positions that do not count: the default of PyTorch. */
export const IGNORED_LABEL = -100;

/** Logits [..., C] and labels [...] have the examples on the same axis, which is not that of the classes. */
export function samePosition(use: AxisUse<object>): ExampleAxis {
  const axis = agreedAxis(use);
  const positions = use.inputs[0].shape.length - 1;
  return axis.axis < positions ? axis : use.mixes('it normalises over the example axis');
}

/** Throws unless labels are int32 [...] for scores [..., C]. */
export function checkLabels(where: string, scores: Spec, labels: Spec): void {
  normalizeAxis(where, -1, scores.shape.length);
  if (labels.dtype !== 'int32') throw new DTypeError(`${where}: int32 labels expected, got ${labels.dtype}`);
  checkSame(where, 'labels', labels, scores.shape.slice(0, -1));
}

/** Throws unless the label to leave out is an int32 number. */
export function checkIgnored(where: string, label: number): void {
  if ((label | 0) !== label)
    throw new OptionError(`${where}: ignoreIndex must be an int32 number, got ${label}`);
}

/** Which positions count; and the labels with 0, which is a class, in the others. */
export function countedLabels(labels: Tensor, ignored: number): { counted: Tensor; safe: Tensor } {
  const counted = notEqual(labels, ignored);
  return { counted, safe: where(counted, labels, zerosLike(labels)) };
}

/** How many positions count, in the dtype of the losses. */
export const countOf = (labels: Tensor, ignored: number, like: Tensor): Tensor =>
  sum(cast(notEqual(labels, ignored), like.dtype));
