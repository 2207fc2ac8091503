import { PalimpsestError } from '../../errors';
import { kernelNumbers, native, type BufferHandle, type ProgramHandle } from '../../native';
import { instructionOf } from '../cost/instruction';
import { Profile } from '../cost/profile';
import { dtypeCode } from '../dtype';
import { fuse } from './fuse';
import { bytesOf, isWhole, type Block, type KernelStep, type Lowered, type Value } from './lower';
import { planPlaces, type Plan } from './places';
import { formatShape } from '../shape';
import { Storage, type RunOptions } from '../tensor';

const VERSION = 2;

/** A lowered graph, ready to run any number of times. */
export class Program {
  readonly #handle: ProgramHandle | undefined;
  readonly #outputs: readonly Value[];
  readonly #steps: readonly KernelStep[];
  /** How many kernel calls one run makes. */
  readonly instructionCount: number;

  constructor(lowered: Lowered) {
    const steps = fuse(lowered);
    this.#outputs = lowered.outputs;
    this.#steps = steps;
    this.instructionCount = steps.length;
    // Without a step every requested tensor is an input under another shape.
    if (steps.length > 0) this.#handle = native.createProgram(encode(lowered, steps, planPlaces(steps)));
  }

  /**
   * Runs it; returns the storage of each requested tensor, retained for the caller, who releases it. Inputs are in the
   * order of `Lowered.inputs`; whoever disposes them meanwhile does not take them from the results that they are.
   */
  run(inputs: readonly Storage[], options: RunOptions): Promise<readonly Storage[]> {
    return this.#retained(inputs, async (handle, inputHandles) => {
      const { signal, onProgress } = options;
      return native.runProgram(handle, inputHandles, signal, reportTo(onProgress));
    });
  }

  /** Runs it as `run` does and says how long every instruction took. */
  async profile(
    inputs: readonly Storage[],
    { signal, onProgress }: RunOptions,
  ): Promise<{ readonly storages: readonly Storage[]; readonly profile: Profile }> {
    let times: Float64Array = new Float64Array(0);
    const storages = await this.#retained(inputs, async (handle, inputHandles) => {
      const measured = await native.profileProgram(handle, inputHandles, signal, reportTo(onProgress));
      times = measured.times;
      return measured.outputs;
    });
    return { storages, profile: new Profile(this.#steps.map(instructionOf), times) };
  }

  async #retained(
    inputs: readonly Storage[],
    compute: (program: ProgramHandle, inputs: readonly BufferHandle[]) => Promise<readonly BufferHandle[]>,
  ): Promise<readonly Storage[]> {
    for (const input of inputs) input.retain();
    try {
      const inputHandles = inputs.map((storage) => storage.handle);
      const outputHandles = this.#handle ? await compute(this.#handle, inputHandles) : [];
      const computed = outputHandles.map((handle) => new Storage(handle));
      return this.#outputs.map((value) => {
        const { block, offset } = value;
        const storage = block.input >= 0 ? inputs[block.input] : computed[block.output];
        if (!storage) throw new PalimpsestError('ERR_INTERNAL', 'program: an output is missing');
        const own = isWhole(value)
          ? storage
          : new Storage(native.viewBuffer(storage.handle, offset, bytesOf(value)));
        return own.retain();
      });
    } finally {
      for (const input of inputs) input.release();
    }
  }
}

const reportTo = (
  onProgress: RunOptions['onProgress'],
): ((done: number, total: number) => void) | undefined =>
  onProgress && ((done, total) => onProgress({ done, total }));

/** Writes the program as numbers: native/core/program.h documents the order. */
function encode(lowered: Lowered, steps: readonly KernelStep[], { places, slotBytes }: Plan): Float64Array {
  const numbers = new Map<string, number>();
  const blockNumbers = new Map<Block, number>();
  const valueCode: number[] = [];
  const valueNumber = (value: Value): number => {
    let block = blockNumbers.get(value.block);
    if (block === undefined) blockNumbers.set(value.block, (block = blockNumbers.size));
    const key = `${block}@${value.offset}:${value.dtype}${formatShape(value.shape)}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
      const place = places.get(value.block);
      if (!place) throw new PalimpsestError('ERR_INTERNAL', 'program: a value without a place');
      const { dtype, offset, shape } = value;
      valueCode.push(dtypeCode(dtype), place.kind, place.index, offset, shape.length, ...shape);
    }
    return number;
  };
  const stepCode = steps.flatMap((step) => [
    kernelNumber(step.kernel),
    step.inputs.length,
    ...step.inputs.map(valueNumber),
    step.outputs.length,
    ...step.outputs.map(valueNumber),
    step.attributes.length,
    ...step.attributes,
  ]);
  const outputCount = Math.max(-1, ...lowered.outputs.map(({ block }) => block.output)) + 1;
  const header = [VERSION, lowered.inputs.length, outputCount, slotBytes.length, ...slotBytes];
  return Float64Array.from([...header, numbers.size, ...valueCode, steps.length, ...stepCode]);
}

function kernelNumber(name: string): number {
  const number = kernelNumbers.get(name);
  if (number === undefined) throw new PalimpsestError('ERR_INTERNAL', `no native kernel '${name}'`);
  return number;
}
