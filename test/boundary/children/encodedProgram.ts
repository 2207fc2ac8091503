/** A program as its encoding describes it: native/core/program.h documents the order of the numbers. */
export interface EncodedProgram {
  inputCount: number;
  outputCount: number;
  slotBytes: number[];
  values: EncodedValue[];
  instructions: EncodedInstruction[];
}

export interface EncodedValue {
  dtype: number;
  placeKind: number;
  placeIndex: number;
  offset: number;
  shape: number[];
}

export interface EncodedInstruction {
  kernel: number;
  inputs: number[];
  outputs: number[];
  attributes: number[];
}

export const INPUT = 0;
export const SLOT = 2;
/** Of float32, float64, int32, uint8, bool, bfloat16, float16 and int64. */
export const ELEMENT_BYTES = [4, 8, 4, 1, 1, 2, 2, 8];

const VERSION = 2;

export function decoded(code: Float64Array): EncodedProgram {
  let next = 1;
  const number = (): number => code[next++]!;
  const list = <T>(count: number, item: () => T): T[] => Array.from({ length: count }, item);
  const [inputCount, outputCount] = [number(), number()];
  const slotBytes = list(number(), number);
  const values = list(number(), () => ({
    dtype: number(),
    placeKind: number(),
    placeIndex: number(),
    offset: number(),
    shape: list(number(), number),
  }));
  const instructions = list(number(), () => ({
    kernel: number(),
    inputs: list(number(), number),
    outputs: list(number(), number),
    attributes: list(number(), number),
  }));
  return { inputCount, outputCount, slotBytes, values, instructions };
}

export function encoded(program: EncodedProgram): number[] {
  const { inputCount, outputCount, slotBytes, values, instructions } = program;
  return [
    VERSION,
    inputCount,
    outputCount,
    slotBytes.length,
    ...slotBytes,
    values.length,
    ...values.flatMap(({ dtype, placeKind, placeIndex, offset, shape }) => [
      dtype,
      placeKind,
      placeIndex,
      offset,
      shape.length,
      ...shape,
    ]),
    instructions.length,
    ...instructions.flatMap(({ kernel, inputs, outputs, attributes }) => [
      kernel,
      ...[inputs, outputs, attributes].flatMap((numbers) => [numbers.length, ...numbers]),
    ]),
  ];
}

export const bytesOf = ({ dtype, shape }: EncodedValue): number =>
  shape.reduce((size, extent) => size * extent, 1) * (ELEMENT_BYTES[dtype] ?? 0);

/** Makes the slots as large as the values in them, so that the mistake is left to the kernels to find. */
export function withFittingSlots(program: EncodedProgram): EncodedProgram {
  for (const value of program.values) {
    if (value.placeKind !== SLOT || !(value.placeIndex in program.slotBytes)) continue;
    const bytes = Math.max(program.slotBytes[value.placeIndex] ?? 0, value.offset + bytesOf(value));
    if (Number.isSafeInteger(bytes)) program.slotBytes[value.placeIndex] = bytes;
  }
  return program;
}
