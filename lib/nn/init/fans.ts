import { checkOptions, OptionError, ShapeError } from '../../errors';
import type { FloatDType } from '../../graph/dtype';
import { checkShape, formatShape, sizeOf, type Shape } from '../../graph/shape';

/** How many numbers enter an output of a layer, and how many outputs an input enters. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * The fans of a weight in PyTorch's layouts, [out, in] or [out, in, ...kernel]: every output reads `in` times the kernel.
 * @throws ShapeError for fewer than two axes.
 */
export function fansOf(shape: Shape): Fans {
  checkShape('fansOf', shape);
  const [outputs, inputs, ...kernel] = shape;
  if (outputs === undefined || inputs === undefined) {
    throw new ShapeError(
      `fansOf: a weight [out, in, ...kernel] expected, got ${formatShape(shape)}; give the fans`,
    );
  }
  return { fanIn: inputs * sizeOf(kernel), fanOut: outputs * sizeOf(kernel) };
}

export interface WeightOptions extends Partial<Fans> {
  /** The result times this number. Default 1. */
  readonly gain?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

/** The fans that were given, or those of the shape; each at least 1. */
export function fansFor(
  where: string,
  shape: Shape,
  options: WeightOptions,
  needed: readonly (keyof Fans)[],
): Fans & { readonly gain: number } {
  checkOptions(where, options, ['fanIn', 'fanOut', 'gain', 'dtype']);
  const isGiven = needed.every((name) => options[name] !== undefined);
  const { fanIn, fanOut, gain = 1 } = { ...(isGiven ? { fanIn: 1, fanOut: 1 } : fansOf(shape)), ...options };
  for (const fan of [fanIn, fanOut]) {
    if (!(Number.isSafeInteger(fan) && fan > 0)) {
      throw new OptionError(`${where}: fans must be positive integers, got ${fan} for ${formatShape(shape)}`);
    }
  }
  if (!(gain > 0 && Number.isFinite(gain))) {
    throw new OptionError(`${where}: gain must be a positive number, got ${gain}`);
  }
  return { fanIn, fanOut, gain };
}
