import { ExampleAxisError, describe, nearest, OptionError } from '../../errors';
import { sameExampleAxis, wholeAxis, type ExampleAxis } from '../../graph/exampleAxis';
import { formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { ones } from '../../ops/elementwise/arithmetic';
import { tapsOf } from '../../ops/shape/tap';
import { pullback } from '../pullback';

/** The tapped intermediates of traced losses, with what comes back to them. */
export class Taps {
  readonly #losses: Tensor;
  readonly #count: number;
  readonly #axes: ReadonlyMap<Tensor, ExampleAxis> | undefined;

  constructor(losses: Tensor, count: number, axes?: ReadonlyMap<Tensor, ExampleAxis>) {
    this.#losses = losses;
    this.#count = count;
    this.#axes = axes;
  }

  /** The tensor of that name, [N, ...], and its cotangent; null when the losses do not depend on it differentiably. */
  find(name: string): { readonly value: Tensor; readonly cotangent: Tensor | null } {
    const given: unknown = name;
    if (typeof given !== 'string')
      throw new OptionError(`at: the name of a tap expected, got ${describe(given)}`);
    const taps = tapsOf(this.#losses);
    const [value, ...more] = taps.get(name) ?? [];
    if (!value) {
      const near = nearest(name, taps.keys());
      const hint = near === undefined ? `there are ${taps.size} taps` : `did you mean '${near}'?`;
      throw new OptionError(`at: the losses have no tap '${name}'; ${hint}`);
    }
    if (more.length > 0) {
      throw new OptionError(
        `at: '${name}' is tapped ${more.length + 1} times; every tap needs a name of its own`,
      );
    }
    const axis = this.#axes?.get(value);
    const isFirst = this.#axes
      ? axis !== undefined && sameExampleAxis(axis, wholeAxis(0, this.#count))
      : value.shape[0] === this.#count;
    if (!isFirst) {
      throw new ExampleAxisError(
        `at: the tap '${name}' ${formatShape(value.shape)} does not have the ${this.#count} examples on axis 0`,
      );
    }
    const [cotangent = null] = pullback([this.#losses], [ones([this.#count], this.#losses.dtype)], [value]);
    return { value, cotangent };
  }
}
