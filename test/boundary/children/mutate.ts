import { ELEMENT_BYTES, encoded, withFittingSlots, type EncodedProgram } from './encodedProgram';

/** Uniform in [0, bound). */
export type Dice = (bound: number) => number;

/** Numbers that a program written by hand, or by somebody who means harm, might hold. */
const NUMBERS = [
  ...[0, 1, 2, 3, 4, 5, 7, 16, 1000, 65536],
  ...[-1, -2, 0.5, NaN, Infinity, -Infinity, 1e300, 1e-300],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53 - 1, 2 ** 53, 2 ** 63],
];
/** Most mutants get small extents: large ones fail before any kernel sees them. */
const EXTENTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 17, 64, 300, 2 ** 20, 2 ** 31, 2 ** 52];

const OFFSETS = [0, 1, 2, 4, 8, 64, 4096, 2 ** 31, 2 ** 53 - 8, 2 ** 53 - 1];

const pick = <T>(items: readonly T[], dice: Dice): T => items[dice(items.length)]!;

/** One change that keeps the encoding readable. */
function change(program: EncodedProgram, dice: Dice, kernels: number): void {
  const { values, instructions } = program;
  const instruction = pick(instructions, dice);
  const value = pick(values, dice);
  const { attributes, inputs, outputs } = instruction;
  const operands = dice(3) === 0 ? outputs : inputs;
  const kind = dice(17);
  if (kind <= 2 && attributes.length > 0) attributes[dice(attributes.length)] = pick(NUMBERS, dice);
  else if (kind === 3 && attributes.length > 0) attributes[dice(attributes.length)]! += 1 - 2 * dice(2);
  else if (kind === 4) attributes.splice(dice(attributes.length + 1), dice(2), pick(NUMBERS, dice));
  else if (kind === 5) attributes.splice(dice(attributes.length + 1), 1);
  else if (kind <= 7 && value.shape.length > 0) value.shape[dice(value.shape.length)] = pick(EXTENTS, dice);
  else if (kind === 8) value.shape.splice(dice(value.shape.length + 1), dice(2), pick(EXTENTS, dice));
  else if (kind === 9) value.dtype = dice(ELEMENT_BYTES.length);
  else if (kind === 10) instruction.kernel = dice(kernels);
  else if (kind === 11 && operands.length > 0) operands[dice(operands.length)] = dice(values.length);
  else if (kind === 12) operands.splice(dice(operands.length + 1), dice(2), dice(values.length));
  else if (kind === 14) value.offset = pick(OFFSETS, dice);
  else if (kind === 13) [value.placeKind, value.placeIndex] = [dice(3), dice(3)];
  else changeEverywhere(program, dice);
}

/** Another extent in all values that have it: the shapes often still fit together. */
function changeEverywhere({ values }: EncodedProgram, dice: Dice): void {
  const old = pick(pick(values, dice).shape.concat(1), dice);
  const other = pick(EXTENTS, dice);
  for (const value of values) value.shape = value.shape.map((extent) => (extent === old ? other : extent));
}

/** The encoding of a program with one to three changes. */
export function mutant(good: EncodedProgram, dice: Dice, kernels: number): Float64Array {
  const program = structuredClone(good);
  for (let changes = 1 + dice(2) * dice(3); changes > 0; changes--) change(program, dice, kernels);
  const code = encoded(dice(4) === 0 ? program : withFittingSlots(program));
  // One in ten is broken below the level of its structure.
  if (dice(10) === 0) code[dice(code.length)] = pick(NUMBERS, dice);
  return Float64Array.from(code);
}
