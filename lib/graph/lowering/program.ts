import { PalimpsestError } from '../../errors';
import { kernelNumbers, native, type BufferHandle, type ProgramHandle } from '../../native';
import { instructionOf } from '../cost/instruction';
import { Profile } from '../cost/profile';
import { dtypeCode } from '../dtype';
import { fuse } from './fuse';
import type { KernelStep, Lowered } from './lower';
import { bytesOf, isWhole, type Value } from './value';
import { planPlaces, type Plan } from './places';
import { ValueNumbers } from './valueNumbers';
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
  const values = new ValueNumbers();
  const valueCode: number[] = [];
  const stepCode: number[] = [];
  const writeValues = (list: readonly Value[]): void => {
    stepCode.push(list.length);
    for (const value of list) {
      const known = values.count;
      stepCode.push(values.of(value));
      if (values.count === known) continue;
      const place = places.get(value.block);
      if (!place) throw new PalimpsestError('ERR_INTERNAL', 'program: a value without a place');
      const { dtype, offset, shape } = value;
      valueCode.push(dtypeCode(dtype), place.kind, place.index, offset, shape.length);
      for (const extent of shape) valueCode.push(extent);
    }
  };
  for (const { kernel, inputs, outputs, attributes } of steps) {
    stepCode.push(kernelNumber(kernel));
    writeValues(inputs);
    writeValues(outputs);
    stepCode.push(attributes.length);
    for (const attribute of attributes) stepCode.push(attribute);
  }
  const outputCount = lowered.outputs.reduce((count, { block }) => Math.max(count, block.output + 1), 0);
  const header = [VERSION, lowered.inputs.length, outputCount, slotBytes.length];
  return joined([header, slotBytes, [values.count], valueCode, [steps.length], stepCode]);
}

function joined(parts: readonly (readonly number[])[]): Float64Array {
  const code = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    code.set(part, end);
    end += part.length;
  }
  return code;
}

function kernelNumber(name: string): number {
  const number = kernelNumbers.get(name);
  if (number === undefined) throw new PalimpsestError('ERR_INTERNAL', `no native kernel '${name}'`);
  return number;
}
