import { isHalf } from '../dtype';
import { roundToHalf } from './halfBits';
import { type ElementwiseStep, type KernelStep, type Step } from '../lowering/lower';
import { newValue, type Block, type Value } from '../lowering/value';

/** Elementwise operations that know 16-bit floats: they only store and convert. */
const STORING: ReadonlySet<string> = new Set(['full', 'cast']);

/**
 * Steps as kernels can do them: floats of 16 bits are widened to float32 before a step that computes, and its results
 * are rounded after it. In a chain the two conversions between neighbours fall away (see `fuse`), so that a chain
 * computes in float32 and rounds only what it stores. Every step widens for itself: a float32 copy never lives on.
 */
export function withWideHalves(steps: readonly Step[]): readonly Step[] {
  if (!steps.some(isTouched)) return steps;
  const constants = new Map<Block, number>();
  for (const step of steps) {
    if (step.kind === 'elementwise' && step.operation === 'full') {
      constants.set(step.output.block, step.immediate);
    }
  }
  return steps.flatMap((step) =>
    isTouched(step) && !takesHalves(step) ? widenedStep(step, constants) : [step],
  );
}

const isHalfValue = ({ dtype }: Value): boolean => isHalf(dtype);

/** Asked of every step of every program, most of which have no such floats. */
const isTouched = (step: Step): boolean =>
  step.inputs.some(isHalfValue) ||
  (step.kind === 'kernel' ? step.outputs.some(isHalfValue) : isHalfValue(step.output));

const takesHalves = (step: Step): boolean =>
  step.kind === 'kernel' ? step.takesHalves === true : STORING.has(step.operation);

/** A product reads its two sides as they are. */
const readsHalf = (step: Step, input: number): boolean =>
  step.kind === 'kernel' && step.takesHalves === 'sides' && input < 2;

function widenedStep(step: Step, constants: ReadonlyMap<Block, number>): Step[] {
  const before: Step[] = [];
  const after: Step[] = [];
  const widenedInputs = new Map<Value, Value>();
  const widened = (value: Value): Value => {
    if (!isHalf(value.dtype)) return value;
    let wide = widenedInputs.get(value);
    if (!wide) {
      const constant = constants.get(value.block);
      // In a chain an input that is repeated is widened as it is repeated: so the conversion belongs to the chain.
      const isRepeated = constant === undefined && step.kind === 'elementwise';
      wide = newValue(isRepeated ? step.output.shape : value.shape, 'float32');
      widenedInputs.set(value, wide);
      before.push(
        constant === undefined
          ? conversion(value, wide, 'widen')
          : fill(wide, roundToHalf(value.dtype, constant)),
      );
    }
    return wide;
  };
  const narrowed = (value: Value): Value => {
    if (!isHalf(value.dtype)) return value;
    const wide = newValue(value.shape, 'float32');
    after.push(conversion(wide, value, 'narrow'));
    return wide;
  };
  const inputs = step.inputs.map((value, i) => (readsHalf(step, i) ? value : widened(value)));
  const middle: Step =
    step.kind === 'kernel'
      ? ({ ...step, inputs, outputs: step.outputs.map(narrowed) } satisfies KernelStep)
      : ({ ...step, inputs, output: narrowed(step.output) } satisfies ElementwiseStep);
  return [...before, middle, ...after];
}

/** No op of the graph stands behind the step, so estimates say nothing of it. */
const UNASKED = { kind: 'elementwise', ops: [], flops: 0 } as const;

const fill = (output: Value, immediate: number): ElementwiseStep => ({
  ...UNASKED,
  operation: 'full',
  immediate,
  inputs: [],
  output,
});

const conversion = (from: Value, to: Value, rounding: 'widen' | 'narrow'): ElementwiseStep => ({
  ...UNASKED,
  operation: 'cast',
  immediate: 0,
  inputs: [from],
  output: to,
  rounding,
});
