import { blocksMadeBy, readersOf } from './addedProducts';
import type { KernelStep, Step } from './lower';
import { sameShape } from '../shape';
import { isWhole, sameValue, type Block } from './value';

/**
 * Steps that share a pass over rows of scores as one instruction:
 *
 * - the gradient of a softmax that nobody else reads is computed from its scores, and the softmax is never written;
 * - the losses of a cross-entropy are a second output of its gradient, which has their sums anyway.
 */
export function withMergedRows(steps: readonly Step[]): readonly Step[] {
  const hasOne = steps.some((step) => step.kind === 'kernel' && GRADIENTS.has(step.kernel));
  return hasOne ? withLosses(withoutShares(steps)) : steps;
}

const GRADIENTS: ReadonlySet<string> = new Set(['softmaxGrad', 'softmaxCrossEntropyGrad']);

const isKernel = (step: Step | undefined, kernel: string): step is KernelStep =>
  step?.kind === 'kernel' && step.kernel === kernel;

function withoutShares(steps: readonly Step[]): readonly Step[] {
  const softmaxes = new Map<Block, KernelStep>();
  for (const step of steps) {
    if (isKernel(step, 'softmax')) for (const { block } of step.outputs) softmaxes.set(block, step);
  }
  if (softmaxes.size === 0) return steps;
  const readers = readersOf(steps);
  const dropped = new Set<Step>();
  const merged = steps.map((step): Step => {
    if (!isKernel(step, 'softmaxGrad')) return step;
    const [y, g] = step.inputs;
    const softmax = y && softmaxes.get(y.block);
    const [x] = softmax?.inputs ?? [];
    if (!softmax || !x || !g) return step;
    const isItsOwn = isWhole(y) && y.block.output < 0 && readers.get(y.block)?.length === 1;
    if (!isItsOwn || !sameShape(x.shape, y.shape)) return step;
    dropped.add(softmax);
    return {
      ...step,
      kernel: 'softmaxGradOfScores',
      ops: [...softmax.ops, ...step.ops],
      flops: softmax.flops + step.flops,
      inputs: [x, g],
    };
  });
  return merged.filter((step) => !dropped.has(step));
}

/**
 * The gradient comes later than the losses and takes them over. What is made of them before, such as their mean, waits
 * until then.
 */
function withLosses(steps: readonly Step[]): readonly Step[] {
  let merged = steps;
  for (const grad of steps) {
    if (!isKernel(grad, 'softmaxCrossEntropyGrad')) continue;
    const loss = steps.find((step) => isKernel(step, 'softmaxCrossEntropy') && isOf(step, grad));
    if (loss?.kind === 'kernel') merged = joined(merged, loss, grad);
  }
  return merged;
}

/** Whether a gradient is of these losses. */
const isOf = (loss: KernelStep, grad: KernelStep): boolean =>
  loss.inputs.every((input, i) => grad.inputs[i] !== undefined && sameValue(input, grad.inputs[i])) &&
  loss.attributes.every((attribute, i) => attribute === grad.attributes[i]);

/** Unchanged where the gradient depends on the losses, or where what has to wait would keep more alive than they are. */
function joined(steps: readonly Step[], loss: KernelStep, grad: KernelStep): readonly Step[] {
  const [begin, end] = [steps.indexOf(loss), steps.indexOf(grad)];
  if (begin < 0 || end < begin) return steps;
  const late = new Set<Block>(blocksMadeBy(loss));
  const isLate = (step: Step): boolean => step.inputs.some(({ block }) => late.has(block));
  const [before, waiting]: [Step[], Step[]] = [[], []];
  for (const step of steps.slice(begin + 1, end)) {
    if (isLate(step)) for (const block of blocksMadeBy(step)) late.add(block);
    (isLate(step) ? waiting : before).push(step);
  }
  const bytes = loss.outputs[0]?.block.bytes ?? 0;
  const isSmall = waiting.every(({ inputs }) => inputs.every(({ block }) => block.bytes <= bytes));
  if (isLate(grad) || !isSmall) return steps;
  const both: KernelStep = {
    ...grad,
    ops: [...loss.ops, ...grad.ops],
    flops: loss.flops + grad.flops,
    outputs: [...grad.outputs, ...loss.outputs],
  };
  return [...steps.slice(0, begin), ...before, both, ...waiting, ...steps.slice(end + 1)];
}
