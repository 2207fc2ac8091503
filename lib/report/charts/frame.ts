import { markup, type Content, type Markup } from '../markup';
import type { Interval, Scale } from './scale';

/** The box of a chart in its own units; the page scales it to the width there is. */
const BOX = { width: 520, height: 300, left: 74, right: 18, top: 30, bottom: 48 } as const;
export const ACROSS: Interval = [BOX.left, BOX.width - BOX.right];
export const UPWARDS: Interval = [BOX.height - BOX.bottom, BOX.top];

export interface ChartText {
  /** Unique within the page. */
  readonly id: string;
  readonly title: string;
  /** What the chart shows, in words, for those who cannot see it. */
  readonly description: string;
}

/** An SVG image that names and describes itself. */
export function picture(
  { id, title, description }: ChartText,
  { width, height }: { readonly width: number; readonly height: number },
  content: Content,
): Markup {
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}"
role="img" aria-labelledby="${id}-title ${id}-description">
<title id="${id}-title">${title}</title>
<desc id="${id}-description">${description}</desc>
${content}
</svg>`;
}

export interface Axis {
  readonly scale: Scale;
  readonly label: string;
}

/** Axes with ticks, grid lines for y, and the content between them. */
export function chartFrame(
  text: ChartText,
  { x, y }: { readonly x: Axis; readonly y: Axis },
  content: Content,
): Markup {
  const [bottom, top] = UPWARDS;
  const [left, right] = ACROSS;
  const middle = (bottom + top) / 2;
  const grid = y.scale.ticks.map(({ value, label }) => {
    const at = pixel(y.scale.at(value));
    return markup`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>
<text class="tick" x="${left - 8}" y="${at}" dy="0.32em" text-anchor="end">${label}</text>`;
  });
  const ticks = x.scale.ticks.map(({ value, label }) => {
    const at = pixel(x.scale.at(value));
    return markup`<line class="axis" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}"/>
<text class="tick" x="${at}" y="${bottom + 19}" text-anchor="middle">${label}</text>`;
  });
  const labels = markup`<text class="axis-label" x="${(left + right) / 2}" y="${BOX.height - 8}"
text-anchor="middle">${x.label}</text>
<text class="axis-label" transform="translate(14 ${middle}) rotate(-90)"
text-anchor="middle">${y.label}</text>`;
  return picture(text, BOX, [
    grid,
    markup`<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    ticks,
    labels,
    content,
  ]);
}

/** A vertical line with a word above it. */
export function verticalMark(at: number, label: string): Markup {
  const [bottom, top] = UPWARDS;
  const isRight = at > (ACROSS[0] + ACROSS[1]) / 2;
  const x = pixel(at);
  return markup`<line class="mark" x1="${x}" x2="${x}" y1="${top - 14}" y2="${bottom}"/>
<text class="mark-label" x="${isRight ? x - 6 : x + 6}" y="${top - 6}"
text-anchor="${isRight ? 'end' : 'start'}">${label}</text>`;
}

/** Coordinates to a hundredth: more only makes files longer. */
export const pixel = (value: number): number => Math.round(value * 100) / 100;
