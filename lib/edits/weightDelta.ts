import { nearest, OptionError, PalimpsestError, ShapeError, unexpected } from '../errors';
import { evaluate } from '../graph/evaluate';
import { checkParameters, type Parameters } from '../graph/parameters';
import { formatShape, sameShape } from '../graph/shape';
import type { RunOptions, Tensor } from '../graph/tensor';
import { sqrt } from '../ops/elementwise/math';
import { AppliedDelta } from './applied';
import { sumOfParts } from './compose';
import { checkOrder, checkPart, tensorsOfPart, type Part } from './part';
import { addedTo, inner, materialized, scaled } from './partMath';

/**
 * A change of weights as a value: what is added to each of some parameters, dense, at single entries, in rows or columns, or
 * of low rank. It can be applied, reverted to the bit, scaled, composed, merged (`mergeDeltas`), and kept as a small file
 * (`saveDelta`).
 *
 * @example
 * const edit = new WeightDelta([['mlp.weight', lowRankPart(left, right)]]);
 * const applied = await edit.apply(model.parameters);
 * const before = await applied.revert(applied.parameters);          // the bits of model.parameters
 */
export class WeightDelta implements Iterable<readonly [string, Part]>, Disposable {
  readonly #parts: ReadonlyMap<string, Part>;

  /** @throws PalimpsestError ERR_PARAMETER when a name repeats; DTypeError for a change that is not of floats. */
  constructor(parts: Iterable<readonly [string, Part]>) {
    const byName = new Map<string, Part>();
    const given: unknown = parts;
    if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
      throw unexpected('WeightDelta', 'pairs of a name and a part', given);
    }
    for (const [name, part] of parts) {
      if (byName.has(name))
        throw new PalimpsestError('ERR_PARAMETER', `WeightDelta: '${name}' appears twice`);
      checkPart(name, part);
      byName.set(name, part);
    }
    this.#parts = byName;
  }

  get names(): readonly string[] {
    return [...this.#parts.keys()];
  }

  has(name: string): boolean {
    return this.#parts.has(name);
  }

  /** What is added to a parameter. @throws PalimpsestError ERR_PARAMETER, naming the nearest there is. */
  get(name: string): Part {
    const part = this.#parts.get(name);
    if (part) return part;
    const near = nearest(name, this.names);
    const hint = near === undefined ? `there are ${this.#parts.size} others` : `did you mean '${near}'?`;
    throw new PalimpsestError('ERR_PARAMETER', `WeightDelta: nothing is added to '${name}'; ${hint}`);
  }

  /** The change of a parameter as a tensor of its shape. */
  materialize(name: string): Tensor {
    return materialized(this.get(name));
  }

  /** What the change itself takes, in bytes. */
  get bytes(): number {
    return this.#tensors().reduce((total, { bytes }) => total + bytes, 0);
  }

  /**
   * New parameters, `theta + change` in theta's dtype. Entries that the change does not touch keep their bits, and so do
   * all other parameters, which are the same tensors.
   * @throws PalimpsestError ERR_PARAMETER for a parameter that is not there, ERR_INDEX for indices outside it; ShapeError;
   *   AbortedError. Nothing is changed in any case.
   */
  async apply(parameters: Parameters, run: RunOptions = {}): Promise<AppliedDelta> {
    checkParameters('WeightDelta: apply', parameters);
    for (const [name, part] of this.#parts) checkFits(name, part, parameters.get(name));
    await this.#check(run);
    const after = parameters.with(
      [...this.#parts].map(([name, part]) => [name, addedTo(parameters.get(name), part)] as const),
    );
    await evaluate([after, parameters], run);
    return await AppliedDelta.of(this.#parts, parameters, after);
  }

  /** `factor` times this change; 0 keeps its form, -1 is its opposite. @throws OptionError for a factor that is not finite. */
  scale(factor: number): WeightDelta {
    if (!Number.isFinite(factor)) throw new OptionError(`scale: a finite number expected, got ${factor}`);
    return new WeightDelta([...this.#parts].map(([name, part]) => [name, scaled(part, factor)] as const));
  }

  /**
   * This change and then the other as one: their sum. Applying it equals applying both up to one rounding.
   * @throws ShapeError or DTypeError when they are of other parameters under the same names.
   */
  async compose(other: WeightDelta, run: RunOptions = {}): Promise<WeightDelta> {
    checkDelta('compose', other);
    await Promise.all([this.#check(run), other.#check(run)]);
    const parts = new Map(this.#parts);
    for (const [name, part] of other) {
      const own = parts.get(name);
      parts.set(name, own ? await sumOfParts(name, own, part, run) : part);
    }
    return new WeightDelta(parts);
  }

  /** The Frobenius norm of the change of each parameter, summed in float64. */
  norms(): ReadonlyMap<string, Tensor> {
    return new Map([...this.#parts].map(([name, part]) => [name, sqrt(inner(part, part))]));
  }

  /** Frees the tensors of the change now. */
  dispose(): void {
    for (const tensor of this.#tensors()) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  [Symbol.iterator](): Iterator<readonly [string, Part]> {
    return this.#parts[Symbol.iterator]();
  }

  #tensors(): readonly Tensor[] {
    return [...this.#parts.values()].flatMap((part) => Object.values(tensorsOfPart(part)));
  }

  async #check(run: RunOptions): Promise<void> {
    await evaluate(this.#tensors(), run);
    for (const [name, part] of this.#parts)
      if (part.kind === 'masked' || part.kind === 'slices') await checkOrder(name, part);
  }
}

/** @throws PalimpsestError ERR_ARGUMENT for what is no `WeightDelta`, which only JavaScript callers can give. */
export function checkDelta(where: string, value: unknown): void {
  if (value instanceof WeightDelta) return;
  throw unexpected(where, 'a WeightDelta', value);
}

function checkFits(name: string, part: Part, theta: Tensor): void {
  if (sameShape(part.shape, theta.shape)) return;
  throw new ShapeError(
    `WeightDelta: '${name}' has shape ${formatShape(theta.shape)}, the change is of ${formatShape(part.shape)}`,
  );
}
