import { OptionError } from '../../errors';
import { checkKinds, type Kinds } from '../../graph/call';
import { tensor } from '../../graph/create';
import type { FloatDType } from '../../graph/dtype';
import type { Tensor } from '../../graph/tensor';

/** Cosines and sines of the angles by which pairs are turned, [P, R]: a row per position, a column per pair. */
export interface RotaryTables {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** How frequencies change for sequences longer than those of training. */
export type RotaryScaling =
  /** Positions are divided by the factor (Chen et al. 2023). */
  | { readonly type: 'linear'; readonly factor: number }
  /** The base grows so that the slowest pair turns `factor` times slower (bloc97 2023, "NTK-aware"). */
  | { readonly type: 'ntk'; readonly factor: number }
  /** Slow pairs are slowed by the factor, fast ones stay, with a ramp between: Llama 3.1. */
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalSteps: number;
    };

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
  positive('base', base);
  const frequencies = frequenciesOf(width, base, scaling);
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

/** Radians per step of every pair. */
function frequenciesOf(width: number, base: number, scaling: RotaryScaling | undefined): number[] {
  const plain = (from: number): number[] =>
    Array.from({ length: width / 2 }, (_, i) => from ** ((-2 * i) / width));
  if (!scaling) return plain(base);
  const { type, factor } = scaling;
  positive('scaling.factor', factor);
  switch (type) {
    case 'linear':
      return plain(base).map((frequency) => frequency / factor);
    case 'ntk':
      return plain(width > 2 ? base * factor ** (width / (width - 2)) : base);
    case 'llama3':
      return plain(base).map((frequency) => slowed(frequency, scaling));
  }
}

function slowed(frequency: number, scaling: RotaryScaling & { readonly type: 'llama3' }): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalSteps } = scaling;
  positive('scaling.originalSteps', originalSteps);
  positive('scaling.highFrequencyFactor - lowFrequencyFactor', high - low);
  // How many turns a pair makes over the length of training decides: few, and it is slowed.
  const turns = (originalSteps * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return frequency * (kept + (1 - kept) / factor);
}

function positive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new OptionError(`rotaryTables: ${name} must be a positive number, got ${value}`);
  }
}
