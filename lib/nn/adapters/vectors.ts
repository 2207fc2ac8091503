import { checkOptions, OptionError } from '../../errors';
import { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, mul, ones, zeros } from '../../ops/elementwise/arithmetic';
import { reshape } from '../../ops/shape/reshape';
import { moduleOf, targetsOf, type Adapter, type Targets } from './adapter';

export interface ScalingVectorsOptions {
  /** Which weights are scaled. */
  readonly targets: Targets;
  /** The axis of the weight that has a factor for each of its places: 0 for what comes out of [out, in], 1 for what goes in. Default 0. */
  readonly axis?: 0 | 1;
}

/**
 * A learned factor for every output (or input) of some layers, as in (IA)^3 (Liu et al. 2022): `W` becomes `diag(s) W`, and
 * the layer's `bias`, where there is one and outputs are scaled, `s bias`. The factors start with 1 and are named
 * `<layer>.scale`.
 *
 * @throws OptionError for a misspelled option or another axis.
 */
export function scalingVectors(options: ScalingVectorsOptions): Adapter {
  checkOptions('scalingVectors', options, ['targets', 'axis']);
  const { targets, axis = 0 } = options;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- JavaScript callers may give anything
  if (axis !== 0 && axis !== 1)
    throw new OptionError(`scalingVectors: axis 0 or 1 expected, got ${String(axis)}`);
  const nameOf = (weight: string): string => `${moduleOf(weight)}.scale`;
  return {
    init: (_key, base, { dtype = 'float32' } = {}) =>
      new Parameters(
        targetsOf('scalingVectors', base, targets).map((name) => [
          nameOf(name),
          ones([extent(base.get(name).shape, axis)], dtype),
        ]),
      ),
    apply: (base, small) =>
      base.with(
        targetsOf('scalingVectors', base, targets).flatMap((name) => {
          const weight = base.get(name);
          const factors = small.get(nameOf(name));
          const scaled = [name, mul(weight, along(factors, axis, weight.shape.length))] as const;
          const bias = `${moduleOf(name)}.bias`;
          return axis === 0 && base.has(bias)
            ? [scaled, [bias, mul(base.get(bias), factors)] as const]
            : [scaled];
        }),
      ),
  };
}

const along = (vector: Tensor, axis: number, rank: number): Tensor =>
  reshape(vector, [
    ...Array<number>(axis).fill(1),
    extent(vector.shape, 0),
    ...Array<number>(rank - axis - 1).fill(1),
  ]);

export interface BiasOffsetsOptions {
  /** Which parameters get an offset. Default all that end in `bias`. */
  readonly targets?: Targets;
}

/**
 * A learned offset for every bias, and nothing else (BitFit, Ben Zaken et al. 2022). Offsets start with zeros and are named
 * `<bias>.offset`.
 *
 * @throws OptionError for a misspelled option.
 */
export function biasOffsets(options: BiasOffsetsOptions = {}): Adapter {
  checkOptions('biasOffsets', options, ['targets']);
  const { targets = /(^|\.)bias$/ } = options;
  return {
    init: (_key, base, { dtype = 'float32' } = {}) =>
      new Parameters(
        targetsOf('biasOffsets', base, targets).map((name) => [
          `${name}.offset`,
          zeros(base.get(name).shape, dtype),
        ]),
      ),
    apply: (base, small) =>
      base.with(
        targetsOf('biasOffsets', base, targets).map(
          (name) => [name, add(base.get(name), small.get(`${name}.offset`))] as const,
        ),
      ),
  };
}
