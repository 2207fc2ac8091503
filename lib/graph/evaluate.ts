import { PalimpsestError } from '../errors';
import { Profile } from './cost/profile';
import { lower } from './lowering/lower';
import { Program } from './lowering/program';
import { checkRun, type PlainRun, type Profiled, type ProfiledRun } from './runOptions';
import { evaluation, type Storage } from './tensor';
import { checkTree, tensorsOf } from './tree';

/**
 * Computes every tensor of the tree in one program, off the JavaScript thread. Afterwards they hold data and no graph.
 * Several evaluations may be in flight; they run one after the other, each on all threads.
 *
 * With `profile: true` it gives `{ result, profile }`: the tree, and where the time went, instruction by instruction. What
 * has data already takes none.
 *
 * @example
 * const { profile } = await evaluate(loss, { profile: true });
 * console.log(String(profile));
 * @throws AbortedError when `signal` fires: no tensor of the tree has changed then.
 * @throws OptionError for a misspelled or impossible option.
 * @throws PalimpsestError ERR_NOT_EVALUATED when a placeholder of a traced function is among the inputs; ERR_ARGUMENT for a
 * profile of what can hold no tensors.
 */
export function evaluate<T>(tree: T, options: ProfiledRun): Promise<Profiled<T>>;
export function evaluate<T>(tree: T, options?: PlainRun): Promise<T>;
export async function evaluate<T>(tree: T, options: PlainRun | ProfiledRun = {}): Promise<T | Profiled<T>> {
  checkRun('evaluate', options);
  if (options.profile !== true) {
    await evaluateBy(tree, (program, inputs) => program.run(inputs, options));
    return tree;
  }
  checkTree('evaluate', tree);
  let profile = new Profile([], new Float64Array(0));
  await evaluateBy(tree, async (program, inputs) => {
    const measured = await program.profile(inputs, options);
    profile = measured.profile;
    return measured.storages;
  });
  return { result: tree, profile };
}

async function evaluateBy(
  tree: unknown,
  run: (program: Program, inputs: readonly Storage[]) => Promise<readonly Storage[]>,
): Promise<void> {
  const pending = tensorsOf(tree).filter((tensor) => !tensor.evaluated);
  if (pending.length === 0) return;
  const lowered = lower(pending);
  const storages = await run(
    new Program(lowered),
    lowered.inputs.map((tensor) => tensor.storage),
  );
  pending.forEach((tensor, i) => {
    const storage = storages[i];
    if (!storage) throw new PalimpsestError('ERR_INTERNAL', 'evaluate: an output is missing');
    // Another evaluation of the same tensor may have finished first; both computed the same bits.
    if (!tensor.evaluated && !tensor.disposed) tensor.setStorage(storage);
  });
  for (const storage of storages) storage.release();
}

evaluation.run = async (tensors, options) => {
  await evaluate(tensors, options);
};
