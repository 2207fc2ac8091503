import { OptionError } from '../../errors';
import { checkKinds, type Kinds } from '../../graph/call';
import { tensor } from '../../graph/create';
import type { FloatDType } from '../../graph/dtype';
import type { Tensor } from '../../graph/tensor';
import { checkPositive, rotaryFrequencies, type RotaryScaling } from './rotaryFrequencies';

/** Cosines and sines of the angles by which pairs are turned, [P, R]: a row per position, a column per pair. */
export interface RotaryTables {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

export interface RotaryTablesOptions {
  /** How many positions, from 0 on. */
  readonly steps: number;
  /** Default 10000 (Su et al. 2021). */
  readonly base?: number;
  /** Default: none. */
  readonly scaling?: RotaryScaling;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const ROTARY_TABLES_OPTIONS: Kinds<RotaryTablesOptions> = {
  steps: 'number',
  base: 'number',
  scaling: 'any',
  dtype: 'dtype',
};

/**
 * The tables of `rotary` for `width` turned numbers, angle `t / base^(2 i / width)` at position t for pair i. Computed in
 * float64 and rounded once.
 *
 * @throws OptionError for an odd width, or a number that is not positive where one must be.
 */
export function rotaryTables(width: number, options: RotaryTablesOptions): RotaryTables {
  checkKinds('rotaryTables', options, ROTARY_TABLES_OPTIONS);
  const { steps, base = 10_000, scaling, dtype = 'float32' } = options;
  if (!Number.isSafeInteger(steps) || steps < 0) {
    throw new OptionError(`rotaryTables: a number of steps expected, got ${steps}`);
  }
  if (!Number.isSafeInteger(width) || width < 0 || width % 2 !== 0) {
    throw new OptionError(`rotaryTables: an even width expected, got ${width}`);
  }
  checkPositive('base', base);
  const frequencies = rotaryFrequencies(width, base, scaling);
  const angles = Float64Array.from({ length: steps * frequencies.length }, (_, i) => {
    const [step, pair] = [Math.floor(i / frequencies.length), i % frequencies.length];
    return step * (frequencies[pair] ?? 0);
  });
  const table = (f: (angle: number) => number): Tensor => {
    const values = angles.map(f);
    return tensor(dtype === 'float64' ? values : [...values], {
      dtype,
      shape: [steps, frequencies.length],
    });
  };
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
