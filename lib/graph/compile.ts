import { checkFunction, PalimpsestError } from '../errors';
import { bytesOfParameters, Estimate, withPlaceholders, type Specs } from './cost/estimate';
import type { Profile } from './cost/profile';
import { evaluate } from './evaluate';
import { Program } from './lowering/program';
import { checkRun, type PlainRun, type Profiled, type ProfiledRun } from './runOptions';
import { Tensor, type RunOptions, type Storage } from './tensor';
import { trace } from './lowering/trace';
import { isSignedLike, signatureOf, tensorsOf, withTensors } from './tree';

/** A function whose graph is built once per combination of input shapes, dtypes and plain values. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): Promise<R>;
  /**
   * The same function with run options. With `profile: true` calls give `{ result, profile }`: arguments that have to be
   * computed first are not in the profile.
   * @throws OptionError for a misspelled or impossible option.
   */
  withOptions(options: ProfiledRun): (...args: A) => Promise<Profiled<R>>;
  withOptions(options: PlainRun): (...args: A) => Promise<R>;
  /** What a call would cost, as `estimate` says it. No program is built. */
  estimate(...args: Specs<A>): Estimate;
  /** How many programs have been built so far. */
  readonly programCount: number;
}

interface Entry<R> {
  /** Arguments like those it was built for, without data. */
  readonly args: readonly unknown[];
  readonly program: Program;
  /** Inputs after the arguments: tensors the function took from its surroundings. */
  readonly captured: readonly Tensor[];
  readonly result: R;
  /** The tensors of the result. */
  readonly templates: readonly Tensor[];
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
  checkFunction('compile', fn);
  const cache = new Map<string, Entry<R>>();
  let latest: Entry<R> | undefined;
  const entryFor = (args: A): Entry<R> => {
    // Most calls are like the last one: comparing with it takes a fraction of writing a key.
    if (latest && isSignedLike(args, latest.args)) return latest;
    const key = signatureOf(args);
    let entry = cache.get(key);
    if (!entry) cache.set(key, (entry = entryOf(fn, args)));
    return (latest = entry);
  };
  const runBy = async (signal: AbortSignal | undefined, args: A, run: Run): Promise<R> => {
    const entry = entryFor(args);
    const given = tensorsOf(args);
    // Waiting for nothing would leave time to dispose of what is there.
    if (given.some(({ evaluated }) => !evaluated)) await evaluate(args, { signal });
    const inputs: Storage[] = [];
    for (const tensor of given) inputs.push(tensor.storage);
    for (const tensor of entry.captured) inputs.push(tensor.storage);
    const storages = await run(entry.program, inputs);
    const outputs = entry.templates.map((like, i) => new Tensor(like, { storage: present(storages[i]) }));
    for (const storage of storages) storage.release();
    return withTensors(entry.result, outputs);
  };
  const plain =
    (options: RunOptions) =>
    (...args: A): Promise<R> =>
      runBy(options.signal, args, (program, inputs) => program.run(inputs, options));
  const profiled =
    (options: ProfiledRun) =>
    async (...args: A): Promise<Profiled<R>> => {
      let profile: Profile | undefined;
      const result = await runBy(options.signal, args, async (program, inputs) => {
        const measured = await program.profile(inputs, options);
        profile = measured.profile;
        return measured.storages;
      });
      return { result, profile: present(profile) };
    };
  const withOptions = (options: PlainRun | ProfiledRun): ((...args: A) => Promise<R | Profiled<R>>) => {
    checkRun('withOptions', options);
    return options.profile === true ? profiled(options) : plain(options);
  };
  const estimated = (...args: Specs<A>): Estimate => {
    const tensors = withPlaceholders(args) as A;
    return new Estimate(trace('compile', fn, tensors).lowered, bytesOfParameters(tensors));
  };
  return Object.defineProperty(
    Object.assign(plain({}), { withOptions, estimate: estimated }),
    'programCount',
    { get: () => cache.size },
  ) as Compiled<A, R>;
}

type Run = (program: Program, inputs: readonly Storage[]) => Promise<readonly Storage[]>;

function entryOf<A extends readonly unknown[], R>(fn: (...args: A) => R, args: A): Entry<R> {
  const { lowered, argumentCount, args: like, result } = trace('compile', fn, args);
  const captured = lowered.inputs.slice(argumentCount);
  return { args: like, program: new Program(lowered), captured, result, templates: tensorsOf(result) };
}

function present<T>(item: T | undefined): T {
  if (item === undefined) throw new PalimpsestError('ERR_INTERNAL', 'compile: an output is missing');
  return item;
}
