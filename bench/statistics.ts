/** The quantile of sorted numbers, between neighbours in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below = NaN, above = below] = sorted.slice(Math.floor(place), Math.floor(place) + 2);
  return below + (above - below) * (place - Math.floor(place));
}

export interface Summary {
  readonly median: number;
  readonly fastest: number;
  /** The interquartile range over the median: how far apart the middle half of the samples lies. */
  readonly spread: number;
  readonly samples: number;
}

/** @throws RangeError without samples. */
export function summaryOf(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('summaryOf: at least one sample expected');
  const sorted = [...samples].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return {
    median,
    fastest: quantile(sorted, 0),
    spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median,
    samples: samples.length,
  };
}
