import { percent, significant } from '../../lib/report/format';
import type { Comparison } from './compare';

/** Whether a row reaches what it must. */
export const isReached = ({ ratio, of_limit = NaN, target }: Comparison): boolean =>
  (target.ratio === undefined || ratio >= target.ratio) &&
  (target.limit === undefined || of_limit >= target.limit);

const WIDTHS = [48, 11, 11, 8, 8, 9, 9, 10] as const;
const HEADS = ['name', 'ours s', 'peer s', 'ratio', 'wanted', 'of limit', 'wanted', 'peak MB'];

const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[i] ?? 0))).join(' ');

function cellsOf({ name, ours_s, peer_s, ratio, of_limit, peak_mb, target }: Comparison): string[] {
  return [
    name,
    significant(ours_s),
    significant(peer_s),
    ratio.toFixed(2),
    target.ratio?.toFixed(2) ?? '',
    of_limit === undefined ? '' : percent(of_limit),
    target.limit === undefined ? '' : percent(target.limit),
    peak_mb.toFixed(0),
  ];
}

/** Comparisons as lines of text, with what each is measured against. */
export function tableOf(rows: readonly Comparison[], { heading = true } = {}): string {
  const lines = rows.map(
    (row) => `${line(cellsOf(row))}  ${isReached(row) ? 'reached' : 'MISSED '}  ${row.peer}`,
  );
  return [...(heading ? [line(HEADS)] : []), ...lines].join('\n');
}

const BAR = { left: 380, width: 360, height: 18, top: 30 } as const;

/** Ratios as bars on a logarithmic scale: to the right of the line we are faster. */
export function plotOf(rows: readonly Comparison[]): string {
  const shown = rows.filter(({ ratio }) => Number.isFinite(ratio) && ratio > 0);
  const most = Math.max(2, ...shown.map(({ ratio }) => Math.max(ratio, 1 / ratio)));
  const place = (ratio: number): number =>
    BAR.left + (BAR.width / 2) * (1 + Math.log(ratio) / Math.log(most));
  const bars = shown.map((row, i) => {
    const y = BAR.top + i * BAR.height;
    const [from, to] = [place(1), place(row.ratio)].sort((a, b) => a - b) as [number, number];
    const color = isReached(row) ? '#2a7f62' : '#b3541e';
    return `<text x="${BAR.left - 10}" y="${y + 13}" text-anchor="end">${row.name}</text>
<rect x="${from.toFixed(1)}" y="${y + 3}" width="${(to - from).toFixed(1)}" height="${BAR.height - 6}" fill="${color}"/>
<text x="${BAR.left + BAR.width + 10}" y="${y + 13}">${row.ratio.toFixed(2)}</text>`;
  });
  const height = BAR.top + shown.length * BAR.height + 20;
  const middle = place(1).toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 ${height}" font-family="sans-serif" font-size="12" role="img">
<title>Time of the fastest peer over ours</title>
<rect width="820" height="${height}" fill="#ffffff"/>
<text x="${middle}" y="18" text-anchor="middle">equal</text>
${bars.join('\n')}
<line x1="${middle}" x2="${middle}" y1="${BAR.top - 8}" y2="${height - 12}" stroke="#444444"/>
</svg>
`;
}
