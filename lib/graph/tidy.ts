import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';

import { storageObserver, type Tensor } from './tensor';
import { tensorsOf } from './tree';

interface Scope {
  readonly tensors: Set<Tensor>;
  readonly outer: Scope | undefined;
}

const scopes = new AsyncLocalStorage<Scope>();

storageObserver.created = (tensor) => scopes.getStore()?.tensors.add(tensor);

/**
 * Runs `fn`, possibly asynchronous, and afterwards frees every tensor that got its data inside, except those in its
 * result and those passed to `keep`. They belong to the enclosing `tidy` then, if there is one.
 *
 * @example
 * const loss = await tidy(async () => (await lossOf(batch)).item());
 */
export function tidy<R>(fn: () => R): R {
  const scope: Scope = { tensors: new Set(), outer: scopes.getStore() };
  const finish = (result: unknown): void => {
    for (const tensor of tensorsOf(result)) keepIn(scope, tensor);
    for (const tensor of scope.tensors) tensor.dispose();
  };
  return scopes.run(scope, () => {
    let result: R;
    try {
      result = fn();
    } catch (error) {
      finish(undefined);
      throw error;
    }
    if (!types.isPromise(result)) {
      finish(result);
      return result;
    }
    return result.then(
      (value: unknown) => {
        finish(value);
        return value;
      },
      (error: unknown) => {
        finish(undefined);
        throw error;
      },
    ) as R;
  });
}

/** Takes a tensor, or all tensors of a tree, out of the current `tidy`; the enclosing one, if any, takes them over. */
export function keep<T>(tree: T): T {
  const scope = scopes.getStore();
  if (scope) for (const tensor of tensorsOf(tree)) keepIn(scope, tensor);
  return tree;
}

function keepIn(scope: Scope, tensor: Tensor): void {
  if (scope.tensors.delete(tensor)) scope.outer?.tensors.add(tensor);
}
