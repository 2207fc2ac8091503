import { types } from 'node:util';

import { checkFunction, PalimpsestError, unexpected } from '../../errors';
import { lower, type Lowered } from './lower';
import { Tensor } from '../tensor';
import { tensorsOf, withTensors } from '../tree';

/** A function of tensors as a graph. */
export interface Traced<R> {
  /** Its first inputs are the tensors of the arguments; tensors that the function took from its surroundings follow. */
  readonly lowered: Lowered;
  /** How many inputs are arguments. */
  readonly argumentCount: number;
  /** The arguments with tensors that have neither data nor a graph. */
  readonly args: readonly unknown[];
  /** The result with tensors that have neither data nor a graph: a template of shapes. */
  readonly result: R;
}

/** Calls the function once, with placeholders for the tensors of the arguments. `where` is named in messages. */
export function trace<A extends readonly unknown[], R>(
  where: string,
  fn: (...args: A) => R,
  args: A,
): Traced<R> {
  checkFunction(where, fn);
  const given: unknown = args;
  if (!Array.isArray(given)) throw unexpected(where, 'an array of arguments', given);
  const placeholders = tensorsOf(args).map(({ shape, dtype }) => new Tensor({ shape, dtype }));
  const placed = withTensors(args, placeholders);
  const result = fn(...placed);
  if (types.isPromise(result)) {
    throw new PalimpsestError('ERR_ARGUMENT', `${where}: the function must not be asynchronous`);
  }
  const outputs = tensorsOf(result);
  const template = withTensors(
    result,
    outputs.map(({ shape, dtype }) => new Tensor({ shape, dtype })),
  );
  return {
    lowered: lower(outputs, placeholders),
    argumentCount: placeholders.length,
    args: placed,
    result: template,
  };
}
