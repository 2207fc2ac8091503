import { checkOptions, checkRecord, describe, OptionError, PalimpsestError } from '../errors';
import { checkDType, type DType } from './dtype';
import { Tensor } from './tensor';

// TypeScript sees most wrong calls before they are made. JavaScript does not: there, a list in place of a tensor, a number
// in quotes or a misspelled option would come back as NaN, as an error from far below, or not at all.

/** What a value may be. `operand` is a tensor or a number, `numbers` one number or several; in `places` some may be left out. */
export type Kind =
  'places' | 'number' | 'boolean' | 'string' | 'tensor' | 'operand' | 'numbers' | 'list' | 'dtype' | 'any';

/** The options of a function, each with what it may be: the compiler asks for all of them. */
export type Kinds<T> = { readonly [K in keyof Required<T>]: Kind };

/** @throws PalimpsestError ERR_ARGUMENT, by name, unless all of these are tensors. */
export function checkTensors(where: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    const value = tensors[name];
    if (value instanceof Tensor) continue;
    throw new PalimpsestError('ERR_ARGUMENT', `${where}: ${name} must be a tensor, got ${describe(value)}`);
  }
}

/** The same for the inputs of an op, which have places instead of names. */
export function checkInputs(where: string, inputs: readonly unknown[]): void {
  for (const value of inputs) {
    if (!(value instanceof Tensor)) throw wrongInput(where, 'a tensor', inputs, value);
  }
}

/** @throws PalimpsestError ERR_ARGUMENT unless all of these are tensors or numbers. */
export function checkOperands(where: string, operands: readonly unknown[]): void {
  for (const value of operands) {
    if (!(value instanceof Tensor) && typeof value !== 'number')
      throw wrongInput(where, 'a tensor or a number', operands, value);
  }
}

function wrongInput(
  where: string,
  expected: string,
  inputs: readonly unknown[],
  value: unknown,
): PalimpsestError {
  const what = `${where}: ${expected} expected as input ${inputs.indexOf(value)}, got ${describe(value)}`;
  return new PalimpsestError('ERR_ARGUMENT', what);
}

/** @throws PalimpsestError ERR_ARGUMENT, saying what they are, unless it is an array of tensors. */
export function checkTensorList(where: string, name: string, list: readonly unknown[]): void {
  if (Array.isArray(list) && list.every((item) => item instanceof Tensor)) return;
  throw new PalimpsestError(
    'ERR_ARGUMENT',
    `${where}: ${name} must be an array of tensors, got ${describe(list)}`,
  );
}

/** @throws PalimpsestError ERR_ARGUMENT unless it is a number, if one may stand for all of them, or an array of numbers. */
export function checkNumbers(where: string, name: string, value: unknown, mayBeOne = true): void {
  if ((mayBeOne && typeof value === 'number') || isNumbers(value)) return;
  const expected = mayBeOne ? 'a number or an array of numbers' : 'an array of numbers';
  throw new PalimpsestError('ERR_ARGUMENT', `${where}: ${name} must be ${expected}, got ${describe(value)}`);
}

const isNumbers = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');

const isNumbersOrNot = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => item === undefined || typeof item === 'number');

/** What is said of a value that should be of a kind, and whether it is. */
const KINDS: Readonly<
  Record<Exclude<Kind, 'any' | 'dtype'>, readonly [string, (value: unknown) => boolean]>
> = {
  number: ['a number', (value) => typeof value === 'number'],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  string: ['a string', (value) => typeof value === 'string'],
  tensor: ['a tensor', (value) => value instanceof Tensor],
  operand: ['a tensor or a number', (value) => value instanceof Tensor || typeof value === 'number'],
  numbers: ['a number or an array of numbers', (value) => typeof value === 'number' || isNumbers(value)],
  list: ['an array of numbers', isNumbers],
  places: ['an array of numbers, undefined for the usual', (value) => isNumbersOrNot(value)],
};

/**
 * Checks the options of a call: that there is none too many, and that each is of its kind. Whether a number is one that makes
 * sense is for the function to say.
 *
 * @throws OptionError for an unknown option, naming the near one, and for a value of another kind; DTypeError for an unknown dtype.
 */
export function checkKinds(where: string, options: object, kinds: Readonly<Record<string, Kind>>): void {
  checkRecord(where, options);
  for (const name in options) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      checkOptions(where, options, Object.keys(kinds));
      continue;
    }
    const value = options[name as keyof typeof options] as unknown;
    if (value === undefined || kind === 'any') continue;
    if (kind === 'dtype') {
      checkDType(where, value as DType);
      continue;
    }
    const [expected, holds] = KINDS[kind];
    if (!holds(value)) {
      throw new OptionError(`${where}: ${name} must be ${expected}, got ${describe(value)}`);
    }
  }
}
