import { types } from 'node:util';

import { describe, nearest, PalimpsestError, ShapeError } from '../errors';
import { formatShape, sameShape } from './shape';
import { Tensor } from './tensor';

/**
 * The parameters of a model: tensors by name, in a fixed order, under the checkpoint's own names. Never changed in
 * place: every edit makes a new dictionary, so whoever holds the old one still has the old weights.
 *
 * @example
 * const params = new Parameters([['fc.weight', weight], ['fc.bias', bias]]);
 * params.get('fc.weight').shape;
 */
export class Parameters implements Iterable<readonly [string, Tensor]> {
  readonly #tensors: ReadonlyMap<string, Tensor>;

  /** @throws PalimpsestError ERR_PARAMETER when a name repeats; ERR_ARGUMENT for an entry that is no tensor. */
  constructor(entries: Iterable<readonly [string, Tensor]>) {
    const tensors = new Map<string, Tensor>();
    for (const [name, tensor] of entries) {
      checkEntry(name, tensor);
      if (tensors.has(name))
        throw new PalimpsestError('ERR_PARAMETER', `Parameters: '${name}' appears twice`);
      tensors.set(name, tensor);
    }
    this.#tensors = tensors;
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** How many tensors there are. */
  get length(): number {
    return this.#tensors.size;
  }

  /** How many numbers they hold. */
  get elementCount(): number {
    return [...this.#tensors.values()].reduce((total, tensor) => total + tensor.size, 0);
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** The tensor of that name. @throws PalimpsestError ERR_PARAMETER, naming the nearest there is. */
  get(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (tensor) return tensor;
    const near = nearest(name, this.#tensors.keys());
    const hint = near === undefined ? `there are ${this.length} others` : `did you mean '${near}'?`;
    throw new PalimpsestError('ERR_PARAMETER', `Parameters: no parameter '${name}'; ${hint}`);
  }

  /** The same names with other tensors. */
  map(replace: (tensor: Tensor, name: string) => Tensor): Parameters {
    return new Parameters([...this].map(([name, tensor]) => [name, replace(tensor, name)] as const));
  }

  /** Only the parameters whose name passes, in the same order. */
  select(pattern: RegExp | ((name: string) => boolean)): Parameters {
    if (!types.isRegExp(pattern) && typeof pattern !== 'function') {
      const what = `Parameters: a RegExp or a function of names expected, got ${describe(pattern)}`;
      throw new PalimpsestError('ERR_ARGUMENT', what);
    }
    // Unlike `test`, `search` does not go on from where a global pattern stopped.
    const passes =
      typeof pattern === 'function' ? pattern : (name: string): boolean => name.search(pattern) >= 0;
    return new Parameters([...this].filter(([name]) => passes(name)));
  }

  /**
   * These parameters with some replaced.
   * @throws PalimpsestError ERR_PARAMETER for a name that is not here; ShapeError for another shape.
   */
  with(replacements: Iterable<readonly [string, Tensor]>): Parameters {
    const tensors = new Map(this.#tensors);
    for (const [name, tensor] of replacements) {
      const old = this.get(name);
      if (!sameShape(old.shape, tensor.shape)) {
        throw new ShapeError(
          `Parameters: '${name}' has shape ${formatShape(old.shape)}, got ${formatShape(tensor.shape)}`,
        );
      }
      tensors.set(name, tensor);
    }
    return new Parameters(tensors);
  }

  /**
   * Frees all tensors now, but for those that `kept` has too: an edit that touches some parameters shares the others with
   * what it was made from.
   */
  dispose(kept?: Parameters): void {
    const shared = new Set(kept ? kept.#tensors.values() : []);
    for (const tensor of this.#tensors.values()) if (!shared.has(tensor)) tensor.dispose();
  }

  [Symbol.iterator](): Iterator<readonly [string, Tensor]> {
    return this.#tensors[Symbol.iterator]();
  }
}

function checkEntry(name: unknown, tensor: unknown): void {
  if (typeof name === 'string' && tensor instanceof Tensor) return;
  const what = typeof name === 'string' ? `a tensor for '${name}'` : 'names that are texts';
  const got = describe(typeof name === 'string' ? tensor : name);
  throw new PalimpsestError('ERR_ARGUMENT', `Parameters: ${what} expected, got ${got}`);
}

/** @throws PalimpsestError ERR_ARGUMENT for anything but `Parameters`, which only JavaScript callers can give. */
export function checkParameters(where: string, value: unknown): asserts value is Parameters {
  if (value instanceof Parameters) return;
  throw new PalimpsestError('ERR_ARGUMENT', `${where}: Parameters expected, got ${describe(value)}`);
}
