import { describe, PalimpsestError } from '../errors';
import { Parameters } from './parameters';
import { formatShape } from './shape';
import { Tensor } from './tensor';

/**
 * What the transforms take and return: tensors in any nesting of arrays, plain objects and `Parameters`. Other values
 * (numbers, strings, booleans, null, undefined) ride along unchanged.
 */
export type Tree = Tensor | Parameters | readonly Tree[] | { readonly [key: string]: Tree } | Leaf;
type Leaf = number | string | boolean | null | undefined;

const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** A copy of the tree with every tensor replaced. Types of the branches stay. */
export function mapTree<T>(tree: T, replace: (tensor: Tensor, path: string) => Tensor, path = ''): T {
  if (tree instanceof Tensor) return replace(tree, path) as T;
  if (tree instanceof Parameters) return tree.map((tensor, name) => replace(tensor, join(path, name))) as T;
  if (Array.isArray(tree)) {
    return tree.map((item: unknown, i) => mapTree(item, replace, join(path, String(i)))) as T;
  }
  if (isPlainObject(tree)) {
    return Object.fromEntries(
      Object.entries(tree).map(([key, item]) => [key, mapTree(item, replace, join(path, key))]),
    ) as T;
  }
  return tree;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** All tensors of a tree, depth first, in the order of arrays, keys and parameters. */
export function tensorsOf(tree: unknown): Tensor[] {
  const tensors: Tensor[] = [];
  mapTree(tree, (tensor) => {
    tensors.push(tensor);
    return tensor;
  });
  return tensors;
}

/** @throws PalimpsestError ERR_ARGUMENT for what can hold no tensor: nothing, a number, a text. */
export function checkTree(where: string, tree: unknown): void {
  if (typeof tree === 'object' && tree !== null) return;
  throw new PalimpsestError(
    'ERR_ARGUMENT',
    `${where}: tensors, by themselves or in arrays and objects, expected, got ${describe(tree)}`,
  );
}

/** The tree again with other tensors, given in the order of `tensorsOf`. */
export function withTensors<T>(tree: T, tensors: readonly Tensor[]): T {
  let next = 0;
  return mapTree(tree, () => {
    const tensor = tensors[next++];
    if (tensor === undefined) throw new PalimpsestError('ERR_INTERNAL', 'withTensors: too few tensors');
    return tensor;
  });
}

/** A text that is equal for trees of equal structure, shapes, dtypes and other values: the key of compiled programs. */
export function signatureOf(tree: unknown): string {
  if (tree instanceof Tensor) return `${tree.dtype}${formatShape(tree.shape)}`;
  if (tree instanceof Parameters) {
    return `P{${[...tree].map(([name, tensor]) => `${JSON.stringify(name)}:${signatureOf(tensor)}`).join()}}`;
  }
  if (Array.isArray(tree)) return `[${tree.map(signatureOf).join()}]`;
  if (isPlainObject(tree)) {
    return `{${Object.entries(tree)
      .map(([key, item]) => `${JSON.stringify(key)}:${signatureOf(item)}`)
      .join()}}`;
  }
  if (typeof tree === 'number') return Object.is(tree, -0) ? '-0' : String(tree);
  if (typeof tree === 'string' || typeof tree === 'boolean' || tree === null || tree === undefined) {
    return tree === undefined ? 'undefined' : JSON.stringify(tree);
  }
  throw new PalimpsestError(
    'ERR_ARGUMENT',
    `compile: arguments are tensors, Parameters, arrays, plain objects and plain values, got ${typeof tree}`,
  );
}
