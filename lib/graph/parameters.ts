import { types } from 'node:util';

import { describe, nearest, PalimpsestError, ShapeError, unexpected } from '../errors';
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
  /** The place of every name. Dictionaries that are made of one another with the same names share it. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #tensors: readonly Tensor[];

  /** @throws PalimpsestError ERR_PARAMETER when a name repeats; ERR_ARGUMENT for an entry that is no tensor. */
  constructor(entries: Iterable<readonly [string, Tensor]>) {
    if (entries instanceof Renewed) {
      this.#places = entries.places;
      this.#tensors = entries.tensors;
      return;
    }
    const places = new Map<string, number>();
    const tensors: Tensor[] = [];
    for (const [name, tensor] of entries) {
      checkEntry(name, tensor);
      if (places.has(name)) throw new PalimpsestError('ERR_PARAMETER', `Parameters: '${name}' appears twice`);
      places.set(name, tensors.length);
      tensors.push(tensor);
    }
    this.#places = places;
    this.#tensors = tensors;
  }

  get names(): readonly string[] {
    return [...this.#places.keys()];
  }

  /** The tensors in the order of the names. */
  get tensors(): readonly Tensor[] {
    return this.#tensors;
  }

  /** How many tensors there are. */
  get length(): number {
    return this.#tensors.length;
  }

  /** How many numbers they hold. */
  get elementCount(): number {
    return this.#tensors.reduce((total, tensor) => total + tensor.size, 0);
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  /** Whether both have the same names in the same order. */
  isNamedLike(other: Parameters): boolean {
    if (this.#places === other.#places) return true;
    const names = other.#places.keys();
    return (
      this.length === other.length && [...this.#places.keys()].every((name) => name === names.next().value)
    );
  }

  /** The tensor of that name. @throws PalimpsestError ERR_PARAMETER, naming the nearest there is. */
  get(name: string): Tensor {
    const place = this.#places.get(name);
    const tensor = place === undefined ? undefined : this.#tensors[place];
    if (tensor) return tensor;
    const near = nearest(name, this.#places.keys());
    const hint = near === undefined ? `there are ${this.length} others` : `did you mean '${near}'?`;
    throw new PalimpsestError('ERR_PARAMETER', `Parameters: no parameter '${name}'; ${hint}`);
  }

  /** The same names with other tensors. */
  map(replace: (tensor: Tensor, name: string) => Tensor): Parameters {
    const tensors: Tensor[] = [];
    for (const name of this.#places.keys()) {
      const tensor = replace(this.#at(tensors.length), name);
      checkEntry(name, tensor);
      tensors.push(tensor);
    }
    return this.#renewed(tensors);
  }

  /** Only the parameters whose name passes, in the same order. */
  select(pattern: RegExp | ((name: string) => boolean)): Parameters {
    if (!types.isRegExp(pattern) && typeof pattern !== 'function') {
      throw unexpected('Parameters', 'a RegExp or a function of names', pattern);
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
    const tensors = [...this.#tensors];
    for (const [name, tensor] of replacements) {
      const old = this.get(name);
      if (!sameShape(old.shape, tensor.shape)) {
        throw new ShapeError(
          `Parameters: '${name}' has shape ${formatShape(old.shape)}, got ${formatShape(tensor.shape)}`,
        );
      }
      checkEntry(name, tensor);
      tensors[this.#places.get(name) ?? 0] = tensor;
    }
    return this.#renewed(tensors);
  }

  /**
   * Frees all tensors now, but for those that `kept` has too: an edit that touches some parameters shares the others with
   * what it was made from.
   */
  dispose(kept?: Parameters): void {
    const shared = new Set(kept ? kept.#tensors : []);
    for (const tensor of this.#tensors) if (!shared.has(tensor)) tensor.dispose();
  }

  *[Symbol.iterator](): Iterator<readonly [string, Tensor]> {
    let place = 0;
    for (const name of this.#places.keys()) yield [name, this.#at(place++)];
  }

  #at(place: number): Tensor {
    const tensor = this.#tensors[place];
    if (!tensor) throw new PalimpsestError('ERR_INTERNAL', `Parameters: nothing at place ${place}`);
    return tensor;
  }

  #renewed(tensors: readonly Tensor[]): Parameters {
    return new Parameters(new Renewed(this.#places, tensors));
  }
}

/** What the next dictionary with the same names is made of: nothing is hashed or checked again. */
class Renewed implements Iterable<readonly [string, Tensor]> {
  constructor(
    readonly places: ReadonlyMap<string, number>,
    readonly tensors: readonly Tensor[],
  ) {}

  *[Symbol.iterator](): Iterator<readonly [string, Tensor]> {
    for (const [name, place] of this.places) {
      const tensor = this.tensors[place];
      if (tensor) yield [name, tensor];
    }
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
  throw unexpected(where, 'Parameters', value);
}
