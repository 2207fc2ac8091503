import { PalimpsestError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import type { InitOptions } from '../layer';

/** A pattern of names, or a test of one. */
export type Targets = RegExp | ((name: string) => boolean);

/**
 * A few small parameters that change the large ones of a model: any model, which stays as it is. Derivatives and
 * per-example statistics of the small parameters are those of a function like any other.
 *
 * @example
 * const losses = (small: Parameters, x: Tensor, y: Tensor) =>
 *   softmaxCrossEntropy(model.forward(adapter.apply(model.parameters, small), x), y);
 */
export interface Adapter {
  /** Initial values, with which the model computes what it computes without. Each from a key of its own. */
  init(key: Tensor, base: Parameters, options?: InitOptions): Parameters;
  /** All parameters of the model: those that are changed as functions of both, the others as they are. */
  apply(base: Parameters, small: Parameters): Parameters;
}

/** The names that are changed. @throws PalimpsestError ERR_PARAMETER when none is. */
export function targetsOf(where: string, base: Parameters, targets: Targets): readonly string[] {
  const { names } = base.select(targets);
  if (names.length === 0) {
    throw new PalimpsestError(
      'ERR_PARAMETER',
      `${where}: no parameter among the ${base.length} is a target; ${base.names.slice(0, 3).join(', ')}, ... are there`,
    );
  }
  return names;
}

/** The layer of a parameter: its name without the last part where that is `weight`. */
export const moduleOf = (name: string): string => name.replace(/\.weight$/, '');
