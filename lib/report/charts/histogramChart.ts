import { count, powerOfTen } from '../format';
import { markup, type Content, type Markup } from '../markup';
import { ACROSS, chartFrame, pixel, UPWARDS, verticalMark, type ChartText } from './frame';
import { linearScale, logScale } from './scale';

export interface Bins {
  /** Of log10 of the quantity, ascending; one more than there are counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface HistogramChartOptions {
  readonly xLabel: string;
  readonly yLabel: string;
  /** What lies to the right of it is selected. */
  readonly threshold: { readonly log10: number; readonly label: string };
}

/** Bars start below 1, so that a single count can be seen on a logarithmic axis. */
const FLOOR = 0.6;

/**
 * Histogram of a quantity given by its logarithm, counts on a logarithmic axis, in two colours at a
 * threshold.
 */
export function histogramChart(
  text: ChartText,
  bins: Bins,
  { xLabel, yLabel, threshold }: HistogramChartOptions,
): Markup {
  const { edges, counts } = withoutEmptyEnds(bins);
  const cut = Number.isFinite(threshold.log10) ? threshold.log10 : undefined;
  const ends = [edges[0] ?? 0, edges.at(-1) ?? 1, ...(cut === undefined ? [] : [cut])];
  const label = (exponent: number): string => (Number.isInteger(exponent) ? powerOfTen(exponent) : '');
  const x = linearScale([Math.min(...ends), Math.max(...ends)], ACROSS, { label });
  const y = logScale([FLOOR, Math.max(10, ...counts)], UPWARDS);

  const bar = (kind: 'kept' | 'selected', from: number, to: number, size: number): Content => {
    const [left, top, width] = [x.at(from), y.at(size), x.at(to) - x.at(from)];
    if (width <= 0) return undefined;
    return markup`<rect class="bar ${kind}" x="${pixel(left)}" y="${pixel(top)}"
width="${pixel(Math.max(width - 1, 0.5))}" height="${pixel(UPWARDS[0] - top)}"/>`;
  };
  const bars = counts.map((size, i) => {
    if (!(size > 0)) return undefined;
    const [low, high] = [edges[i] ?? 0, edges[i + 1] ?? 0];
    // The bin that holds the threshold is cut there.
    const split = Math.min(Math.max(cut ?? Infinity, low), high);
    return markup`<g><title>${count(size)}</title>
${bar('kept', low, split, size)}${bar('selected', split, high, size)}</g>`;
  });
  return chartFrame(text, { x: { scale: x, label: xLabel }, y: { scale: y, label: yLabel } }, [
    bars,
    cut !== undefined && verticalMark(x.at(cut), threshold.label),
  ]);
}

/** From the first bin that holds anything to the last. */
function withoutEmptyEnds({ edges, counts }: Bins): Bins {
  const first = counts.findIndex((size) => size > 0);
  if (first < 0) return { edges, counts };
  const end = counts.findLastIndex((size) => size > 0) + 1;
  return { edges: edges.slice(first, end + 1), counts: counts.slice(first, end) };
}
