import { OptionError } from '../errors';

/** Counts between edges: `counts[i]` values lie in `[edges[i], edges[i + 1])`, the last interval closed. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Values left of the first edge (negative infinity among them), right of the last one, and NaN. */
  readonly below: number;
  readonly above: number;
  readonly notANumber: number;
}

/**
 * Counts values in `bins` intervals of equal width from `min` to `max`; nothing is dropped in silence.
 *
 * @throws OptionError unless `min < max` are finite and `bins` is a positive integer.
 * @example
 * histogram([0, 0.5, 1, 7], { min: 0, max: 1, bins: 2 }); // counts [1, 2], above 1
 */
export function histogram(
  values: Iterable<number>,
  { min, max, bins }: { readonly min: number; readonly max: number; readonly bins: number },
): Histogram {
  if (!(
    Number.isFinite(min) &&
    Number.isFinite(max) &&
    min < max &&
    Number.isSafeInteger(bins) &&
    bins > 0
  )) {
    throw new OptionError(
      `histogram: finite min < max and bins >= 1 expected, got ${min}, ${max} and ${bins}`,
    );
  }
  const counts = new Array<number>(bins).fill(0);
  let [below, above, notANumber] = [0, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) notANumber += 1;
    else if (value < min) below += 1;
    else if (value > max) above += 1;
    else {
      // The product may round up to `bins` below the last edge; that value belongs to the last interval.
      const bin = Math.min(bins - 1, Math.floor(((value - min) / (max - min)) * bins));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  const edges = Array.from({ length: bins + 1 }, (_, i) =>
    i === bins ? max : min + ((max - min) * i) / bins,
  );
  return { edges, counts, below, above, notANumber };
}
