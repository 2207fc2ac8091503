import { PalimpsestError } from '../errors';
import { Profile } from './cost/profile';
import { lower } from './lowering/lower';
import { Program } from './lowering/program';
import { evaluation, type RunOptions, type Storage } from './tensor';
import { checkTree, tensorsOf } from './tree';

/**
 * Computes every tensor of the tree in one program, off the JavaScript thread. Afterwards they hold data and no graph.
 * Several evaluations may be in flight; they run one after the other, each on all threads.
 *
 * @throws AbortedError when `signal` fires: no tensor of the tree has changed then.
 * @throws PalimpsestError ERR_NOT_EVALUATED when a placeholder of a traced function is among the inputs.
 */
export async function evaluate<T>(tree: T, options: RunOptions = {}): Promise<T> {
  await evaluateBy(tree, (program, inputs) => program.run(inputs, options));
  return tree;
}

/**
 * Evaluates the tree as `evaluate` does and returns where the time went, instruction by instruction. What has data
 * already takes none.
 *
 * @example
 * console.log(String(await profile(loss)));
 * @throws as `evaluate` does.
 */
export async function profile(tree: unknown, options: RunOptions = {}): Promise<Profile> {
  checkTree('profile', tree);
  let measured = new Profile([], new Float64Array(0));
  await evaluateBy(tree, async (program, inputs) => {
    const { storages, profile } = await program.profile(inputs, options);
    measured = profile;
    return storages;
  });
  return measured;
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
