import { PalimpsestError } from '../errors';
import { lower } from './lower';
import { Program } from './program';
import { evaluation, type RunOptions } from './tensor';
import { tensorsOf } from './tree';

/**
 * Computes every tensor of the tree in one program, off the JavaScript thread. Afterwards they hold data and no graph.
 * Several evaluations may be in flight; they run one after the other, each on all threads.
 *
 * @throws AbortedError when `signal` fires: no tensor of the tree has changed then.
 * @throws PalimpsestError ERR_NOT_EVALUATED when a placeholder of a traced function is among the inputs.
 */
export async function evaluate<T>(tree: T, options: RunOptions = {}): Promise<T> {
  const pending = tensorsOf(tree).filter((tensor) => !tensor.evaluated);
  if (pending.length === 0) return tree;
  const lowered = lower(pending);
  const storages = await new Program(lowered).run(
    lowered.inputs.map((tensor) => tensor.storage),
    options,
  );
  pending.forEach((tensor, i) => {
    const storage = storages[i];
    if (!storage) throw new PalimpsestError('ERR_INTERNAL', 'evaluate: an output is missing');
    // Another evaluation of the same tensor may have finished first; both computed the same bits.
    if (!tensor.evaluated && !tensor.disposed) tensor.setStorage(storage);
  });
  for (const storage of storages) storage.release();
  return tree;
}

evaluation.run = async (tensors, options) => {
  await evaluate(tensors, options);
};
