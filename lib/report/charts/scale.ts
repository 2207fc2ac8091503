import { powerOfTen } from '../format';

/** Maps values of a chart's axis to its pixels. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

export type Interval = readonly [from: number, to: number];

/** Equal differences take equal lengths; ticks at 1, 2 or 5 times a power of ten. */
export function linearScale(
  domain: Interval,
  range: Interval,
  { label = String, most = 6 }: { readonly label?: (value: number) => string; readonly most?: number } = {},
): Scale {
  const [from, to] = widened(domain);
  const step = niceStep((to - from) / most);
  const ticks: { value: number; label: string }[] = [];
  // Multiples of the step, not sums, so that 0.3 does not come out as 0.30000000000000004.
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++) {
    const value = Number((k * step).toPrecision(12));
    ticks.push({ value, label: label(value) });
  }
  return { at: interpolate(from, to, range), ticks };
}

/** Equal ratios take equal lengths; ticks at powers of ten, with more between them when there are few. */
export function logScale(domain: Interval, range: Interval): Scale {
  const [low, high] = widened([Math.log10(domain[0]), Math.log10(domain[1])]);
  const exponents = integersBetween(Math.floor(low), Math.floor(high));
  const every = Math.max(1, Math.ceil((high - low) / 8));
  const factors = high - low < 1.1 ? [1, 1.5, 2, 3, 4, 5, 7] : high - low < 2.5 ? [1, 2, 5] : [1];
  const ticks = exponents
    .filter((exponent) => exponent % every === 0)
    .flatMap((exponent) => factors.map((factor) => ({ factor, exponent, value: factor * 10 ** exponent })))
    .filter(({ value }) => Math.log10(value) >= low - 1e-9 && Math.log10(value) <= high + 1e-9)
    .map(({ factor, exponent, value }) => ({
      value,
      label: factor === 1 ? powerOfTen(exponent) : Number(value.toPrecision(3)).toString(),
    }));
  const place = interpolate(low, high, range);
  return { at: (value) => place(Math.log10(value)), ticks };
}

function integersBetween(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** An interval of no width gets some, so that a single point has a place. */
function widened([from, to]: Interval): Interval {
  return to > from ? [from, to] : [from - 0.5, from + 0.5];
}

const interpolate =
  (from: number, to: number, [start, end]: Interval) =>
  (value: number): number =>
    start + ((value - from) / (to - from)) * (end - start);

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}
