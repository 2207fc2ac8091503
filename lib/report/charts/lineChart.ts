import { percent } from '../format';
import { markup, type Content, type Markup } from '../markup';
import { ACROSS, chartFrame, pixel, UPWARDS, verticalMark, type ChartText } from './frame';
import { linearScale, logScale, type Scale } from './scale';

export interface Series {
  readonly name: string;
  /** Chooses colour, dash and marker: two lines differ in more than their colour. */
  readonly kind: 'forget' | 'retain';
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  /** A share, 0 to 1. */
  readonly y: number;
  /** Shown when the pointer rests on the point. */
  readonly note: string;
}

export interface LineChartOptions {
  readonly xLabel: string;
  readonly yLabel: string;
  /** One value of x that is pointed out. */
  readonly mark: { readonly x: number; readonly label: string };
}

/** Points that lie nearer to the sides would hide the axis. */
const INSET = 10;

/** Shares (0 to 1) against a positive quantity on a logarithmic axis, with one value of it marked. */
export function lineChart(
  text: ChartText,
  series: readonly Series[],
  { xLabel, yLabel, mark }: LineChartOptions,
): Markup {
  const drawn = series.map(({ points, ...rest }) => ({ ...rest, points: points.filter(isDrawable) }));
  const xs = [...drawn.flatMap(({ points }) => points.map((point) => point.x)), mark.x].filter(isPositive);
  if (xs.length === 0) xs.push(1);
  const x = logScale([Math.min(...xs), Math.max(...xs)], [ACROSS[0] + INSET, ACROSS[1] - INSET]);
  const ys = drawn.flatMap(({ points }) => points.map((point) => point.y));
  const y = linearScale([lowestShare(Math.min(...ys)), 1], UPWARDS, {
    label: (share) => percent(share).replace('.0', ''),
    most: 5,
  });
  return chartFrame(text, { x: { scale: x, label: xLabel }, y: { scale: y, label: yLabel } }, [
    isPositive(mark.x) && verticalMark(x.at(mark.x), mark.label),
    drawn.map((one) => drawSeries(one, x, y)),
  ]);
}

/**
 * Where the axis begins: at 0, or nearer to shares that are all so high that their differences could not be
 * seen.
 */
const lowestShare = (least: number): number =>
  [0.9, 0.8, 0.5].find((start) => start <= least && least < Infinity) ?? 0;

const isPositive = (x: number): boolean => x > 0 && Number.isFinite(x);

const isDrawable = ({ x, y }: Point): boolean => isPositive(x) && Number.isFinite(y);

function drawSeries({ kind, points, name }: Series, x: Scale, y: Scale): Markup {
  const places = [...points]
    .sort((a, b) => a.x - b.x)
    .map((point) => ({ note: point.note, px: pixel(x.at(point.x)), py: pixel(y.at(point.y)) }));
  const path = places.map(({ px, py }, i) => `${i === 0 ? 'M' : 'L'}${px} ${py}`).join('');
  const markers = places.map(({ px, py, note }) =>
    marker(kind, px, py, markup`<title>${name}, ${note}</title>`),
  );
  return markup`<path class="line ${kind}" d="${path}"/>${markers}`;
}

function marker(kind: Series['kind'], x: number, y: number, content: Content): Markup {
  return kind === 'forget'
    ? markup`<circle class="point forget" cx="${x}" cy="${y}" r="4.5">${content}</circle>`
    : markup`<rect class="point retain" x="${x - 4}" y="${y - 4}" width="8" height="8">${content}</rect>`;
}

/** What the lines mean, as a row of text under a chart. */
export function legend(series: readonly Pick<Series, 'name' | 'kind'>[]): Markup {
  const items = series.map(
    ({ name, kind }) => markup`<li>
<svg xmlns="http://www.w3.org/2000/svg" width="34" height="12" viewBox="0 0 34 12" aria-hidden="true">
<path class="line ${kind}" d="M1 6L33 6"/>${marker(kind, 17, 6, undefined)}</svg> ${name}</li>`,
  );
  return markup`<ul class="legend">${items}</ul>`;
}
