import { types } from 'node:util';

import { lower } from './lower';
import { evaluate } from './evaluate';
import { PalimpsestError } from '../errors';
import { Program } from './program';
import { Tensor, type RunOptions, type Storage } from './tensor';
import { signatureOf, tensorsOf, withTensors } from './tree';

/** A function whose graph is built once per combination of input shapes, dtypes and plain values. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): Promise<R>;
  /** The same function with run options. */
  withOptions(options: RunOptions): (...args: A) => Promise<R>;
  /** How many programs have been built so far. */
  readonly programCount: number;
}

interface Entry<R> {
  readonly program: Program;
  /** Inputs after the arguments: tensors the function took from its surroundings. */
  readonly captured: readonly Tensor[];
  readonly result: R;
}

/**
 * Compiles a function of tensors. Arguments and results are trees: tensors in any nesting of arrays, plain objects and
 * `Parameters`; other values are part of the cache key, as the shapes and dtypes are. The function must be pure: it runs
 * only when a new combination comes. Tensors it takes from its surroundings are read anew in every call.
 *
 * @example
 * const step = compile((params, x, y) => sgdStep(params, grad(loss)(params, x, y)));
 * params = await step(params, x, y);
 */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  const cache = new Map<string, Entry<R>>();
  const run = async (options: RunOptions, args: A): Promise<R> => {
    const key = signatureOf(args);
    let entry = cache.get(key);
    if (!entry) cache.set(key, (entry = trace(fn, args)));
    await evaluate(args, options.signal ? { signal: options.signal } : {});
    const inputs = [...tensorsOf(args), ...entry.captured].map((tensor) => tensor.storage);
    const storages = await entry.program.run(inputs, options);
    const templates = tensorsOf(entry.result);
    const outputs = templates.map((template, i) => new Tensor(template, { storage: present(storages[i]) }));
    for (const storage of storages) storage.release();
    return withTensors(entry.result, outputs);
  };
  const compiled = (...args: A): Promise<R> => run({}, args);
  return Object.defineProperty(
    Object.assign(compiled, {
      withOptions:
        (options: RunOptions) =>
        (...args: A) =>
          run(options, args),
    }),
    'programCount',
    { get: () => cache.size },
  ) as Compiled<A, R>;
}

function trace<A extends readonly unknown[], R>(fn: (...args: A) => R, args: A): Entry<R> {
  const placeholders = tensorsOf(args).map(({ shape, dtype }) => new Tensor({ shape, dtype }));
  const result = fn(...withTensors(args, placeholders));
  if (types.isPromise(result)) {
    throw new PalimpsestError('ERR_ARGUMENT', 'compile: the function must not be asynchronous');
  }
  const outputs = tensorsOf(result);
  const lowered = lower(outputs, placeholders);
  const captured = lowered.inputs.slice(placeholders.length);
  // The cached result is only a template of shapes: let go of the graph behind it.
  const template = withTensors(
    result,
    outputs.map(({ shape, dtype }) => new Tensor({ shape, dtype })),
  );
  return { program: new Program(lowered), captured, result: template };
}

function present(storage: Storage | undefined): Storage {
  if (!storage) throw new PalimpsestError('ERR_INTERNAL', 'compile: an output is missing');
  return storage;
}
