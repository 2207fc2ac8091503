import { count } from '../format';
import { markup, type Markup } from '../markup';
import { picture, pixel, type ChartText } from './frame';

const CELL = 32;
const LEFT = 52;
const TOP = 50;
const EDGE = 6;
/** Opacity from which numbers are written in the colour of the page. */
const DARK = 0.55;

/**
 * A confusion matrix as a heat map with its numbers: true classes down, predicted ones across, right answers
 * in one colour and wrong ones in another. Shades are shares of the row. One class can be framed.
 */
export function confusionChart(
  text: ChartText,
  matrix: readonly (readonly number[])[],
  { framed }: { readonly framed?: number | undefined } = {},
): Markup {
  const side = matrix.length * CELL;
  return picture(text, { width: LEFT + side + EDGE, height: TOP + side + EDGE }, [
    markup`<text class="axis-label" x="${LEFT + side / 2}" y="16" text-anchor="middle">predicted</text>
<text class="axis-label" transform="translate(16 ${TOP + side / 2}) rotate(-90)"
text-anchor="middle">true</text>`,
    matrix.map((_, i) => className(i, i === framed)),
    matrix.map((row, label) => {
      const total = row.reduce((sum, n) => sum + n, 0);
      return row.map((n, predicted) => cell(n, total, label, predicted));
    }),
    framed !== undefined && rowFrame(framed, side),
  ]);
}

/** The number of a class, above its column and beside its row. */
function className(i: number, isFramed: boolean): Markup {
  const centre = i * CELL + CELL / 2;
  const kind = isFramed ? 'tick framed' : 'tick';
  return markup`<text class="${kind}" x="${LEFT + centre}" y="${TOP - 9}" text-anchor="middle">${i}</text>
<text class="${kind}" x="${LEFT - 10}" y="${TOP + centre}" dy="0.35em" text-anchor="end">${i}</text>`;
}

function cell(n: number, total: number, label: number, predicted: number): Markup {
  // The square root lifts small shares, which are what one looks for off the diagonal.
  const shade = total > 0 ? pixel(Math.sqrt(n / total)) : 0;
  const [x, y] = [LEFT + predicted * CELL, TOP + label * CELL];
  const kind = label === predicted ? 'right' : 'wrong';
  const place = markup`x="${x + 1}" y="${y + 1}" width="${CELL - 2}" height="${CELL - 2}" rx="3"`;
  const middle = markup`x="${x + CELL / 2}" y="${y + CELL / 2}" dy="0.35em" text-anchor="middle"`;
  const number =
    n > 0 && markup`<text class="cell-number${shade > DARK && ' light'}" ${middle}>${short(n)}</text>`;
  return markup`<g><title>true ${label}, predicted ${predicted}: ${count(n)}</title>
<rect class="cell" ${place}/><rect class="${kind}" fill-opacity="${shade}" ${place}/>${number}</g>`;
}

function rowFrame(row: number, side: number): Markup {
  return markup`<rect class="row-frame" x="${LEFT - 1}" y="${TOP + row * CELL - 1}"
width="${side + 2}" height="${CELL + 2}" rx="3"/>`;
}

/** Four digits fit a cell. */
const short = (n: number): string => (n < 10_000 ? String(n) : `${Math.round(n / 1000)}k`);
