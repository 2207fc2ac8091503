import { PalimpsestError, unexpected } from '../errors';
import { Parameters } from './parameters';
import { formatShape, sameShape } from './shape';
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
  collect(tree, tensors);
  return tensors;
}

function collect(tree: unknown, tensors: Tensor[]): void {
  if (tree instanceof Tensor) tensors.push(tree);
  else if (tree instanceof Parameters) for (const tensor of tree.tensors) tensors.push(tensor);
  else if (Array.isArray(tree)) for (const item of tree) collect(item, tensors);
  else if (isPlainObject(tree)) for (const item of Object.values(tree)) collect(item, tensors);
}

/** @throws PalimpsestError ERR_ARGUMENT for what can hold no tensor: nothing, a number, a text. */
export function checkTree(where: string, tree: unknown): void {
  if (typeof tree === 'object' && tree !== null) return;
  throw unexpected(where, 'tensors, by themselves or in arrays and objects,', tree);
}

/** The tree again with other tensors, given in the order of `tensorsOf`. */
export function withTensors<T>(tree: T, tensors: readonly Tensor[]): T {
  let next = 0;
  const replace = (): Tensor => {
    const tensor = tensors[next++];
    if (tensor === undefined) throw new PalimpsestError('ERR_INTERNAL', 'withTensors: too few tensors');
    return tensor;
  };
  const again = (branch: unknown): unknown => {
    if (branch instanceof Tensor) return replace();
    if (branch instanceof Parameters) return branch.map(replace);
    if (Array.isArray(branch)) return branch.map(again);
    if (isPlainObject(branch)) {
      return Object.fromEntries(Object.entries(branch).map(([key, item]) => [key, again(item)]));
    }
    return branch;
  };
  return again(tree) as T;
}

/**
 * Whether two trees have equal structure, shapes, dtypes and other values: whether `signatureOf` is the same, without
 * writing it. What it does not know is like nothing.
 */
export function isSignedLike(a: unknown, b: unknown): boolean {
  if (a instanceof Tensor) return b instanceof Tensor && a.dtype === b.dtype && sameShape(a.shape, b.shape);
  if (a instanceof Parameters) {
    return b instanceof Parameters && a.isNamedLike(b) && areSignedLike(a.tensors, b.tensors);
  }
  if (Array.isArray(a)) return Array.isArray(b) && areSignedLike(a, b);
  if (isPlainObject(a)) {
    if (!isPlainObject(b)) return false;
    return areSignedLike(Object.keys(a), Object.keys(b)) && areSignedLike(Object.values(a), Object.values(b));
  }
  return isPlainValue(a) && Object.is(a, b);
}

const isPlainValue = (value: unknown): boolean =>
  value === null || ['number', 'string', 'boolean', 'undefined'].includes(typeof value);

function areSignedLike(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => isSignedLike(item, b[i]));
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
