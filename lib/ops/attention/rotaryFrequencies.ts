import { OptionError } from '../../errors';

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
    }
  /**
   * Pairs that turn at least `fastTurns` times over the length of training stay, those that turn at most `slowTurns` times are slowed
   * by the factor, with a ramp over the pairs between (YaRN, Peng et al. 2023). Checkpoints scale cosines and sines besides.
   */
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly originalSteps: number;
      /** Default 32. */
      readonly fastTurns?: number;
      /** Default 1. */
      readonly slowTurns?: number;
      /** Whether the ramp begins and ends at whole pairs. Default true. */
      readonly wholePairs?: boolean;
    }
  /** Every pair is slowed by a factor of its own (LongRoPE, Ding et al. 2024). */
  | { readonly type: 'factors'; readonly factors: readonly number[] };

/**
 * Radians per step of every pair of `width` turned numbers: `base^(-2 i / width)` for pair i, unless scaled.
 * @throws OptionError for a number that is not positive where one must be, and factors for another number of pairs.
 */
export function rotaryFrequencies(width: number, base: number, scaling?: RotaryScaling): number[] {
  const plain = (from: number): number[] =>
    Array.from({ length: width / 2 }, (_, i) => from ** ((-2 * i) / width));
  if (!scaling) return plain(base);
  if (scaling.type === 'factors') return slowedEach(plain(base), scaling.factors);
  const { type, factor } = scaling;
  checkPositive('scaling.factor', factor);
  switch (type) {
    case 'yarn':
      return ramped(plain(base), width, base, scaling);
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
  checkPositive('scaling.originalSteps', originalSteps);
  checkPositive('scaling.highFrequencyFactor - lowFrequencyFactor', high - low);
  // How many turns a pair makes over the length of training decides: few, and it is slowed.
  const turns = (originalSteps * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return frequency * (kept + (1 - kept) / factor);
}

/** With the ramp r from 0 at the last fast pair to 1 at the first slow one: `f (1 - r) + f / factor r`. */
function ramped(
  frequencies: readonly number[],
  width: number,
  base: number,
  scaling: RotaryScaling & { readonly type: 'yarn' },
): number[] {
  const { factor, originalSteps, fastTurns = 32, slowTurns = 1, wholePairs = true } = scaling;
  for (const [name, value] of Object.entries({ originalSteps, fastTurns, slowTurns })) {
    checkPositive(`scaling.${name}`, value);
  }
  // The pair that turns so many times over `originalSteps`: base^(-2 i / width) originalSteps = 2 pi turns.
  const pairOf = (turns: number): number =>
    (width * Math.log(originalSteps / (2 * Math.PI * turns))) / (2 * Math.log(base));
  const [begin, end] = [pairOf(fastTurns), pairOf(slowTurns)];
  const first = Math.max(0, wholePairs ? Math.floor(begin) : begin);
  const last = Math.min(width - 1, wholePairs ? Math.ceil(end) : end);
  // Where both are one pair the published code has a ramp of this length.
  const length = last === first ? 0.001 : last - first;
  return frequencies.map((frequency, i) => {
    const r = Math.min(1, Math.max(0, (i - first) / length));
    return frequency * (1 - r) + (frequency / factor) * r;
  });
}

function slowedEach(frequencies: readonly number[], factors: readonly number[]): number[] {
  if (factors.length !== frequencies.length) {
    throw new OptionError(
      `rotaryTables: ${frequencies.length} factors expected, one per pair, got ${factors.length}`,
    );
  }
  return frequencies.map((frequency, i) => {
    const factor = factors[i] ?? 0;
    checkPositive(`scaling.factors[${i}]`, factor);
    return frequency / factor;
  });
}

export function checkPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new OptionError(`rotaryTables: ${name} must be a positive number, got ${value}`);
  }
}
