import type { Comparison } from './judge';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const svg = (width: number, height: number, title: string, content: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${content.join('\n')}
</svg>
`;

const BAR = { left: 380, width: 360, height: 18, top: 30 } as const;

/** Ratios as bars on a logarithmic scale: to the right of the line we are faster. */
export function ratioPlotOf(rows: readonly Comparison[]): string {
  const shown = rows.flatMap(({ name, ratio, missed, point }) =>
    ratio !== null && ratio > 0 && !point ? [{ name, ratio, missed }] : [],
  );
  const most = Math.max(2, ...shown.map(({ ratio }) => Math.max(ratio, 1 / ratio)));
  const place = (ratio: number): number =>
    BAR.left + (BAR.width / 2) * (1 + Math.log(ratio) / Math.log(most));
  const bars = shown.map(({ name, ratio, missed }, i) => {
    const y = BAR.top + i * BAR.height;
    const [from, to] = [Math.min(place(1), place(ratio)), Math.max(place(1), place(ratio))];
    const color = missed.length === 0 ? '#2a7f62' : '#b3541e';
    return `<text x="${BAR.left - 10}" y="${y + 13}" text-anchor="end">${escaped(name)}</text>
<rect x="${from.toFixed(1)}" y="${y + 3}" width="${(to - from).toFixed(1)}" height="${BAR.height - 6}" fill="${color}"/>
<text x="${BAR.left + BAR.width + 10}" y="${y + 13}">${ratio.toFixed(2)}</text>`;
  });
  const height = BAR.top + shown.length * BAR.height + 20;
  const middle = place(1).toFixed(1);
  return svg(820, height, 'Time of the fastest peer over ours', [
    `<text x="${middle}" y="18" text-anchor="middle">equal</text>`,
    ...bars,
    `<line x1="${middle}" x2="${middle}" y1="${BAR.top - 8}" y2="${height - 12}" stroke="#444444"/>`,
  ]);
}

const PANEL = { width: 260, height: 200, left: 50, bottom: 40, top: 40, right: 14 } as const;

interface Curve {
  readonly title: string;
  readonly unit: string;
  readonly points: readonly { readonly x: number; readonly seconds: number }[];
}

function curvesOf(rows: readonly Comparison[]): readonly Curve[] {
  const curves = new Map<string, { unit: string; points: { x: number; seconds: number }[] }>();
  for (const { point, ours_s } of rows) {
    if (!point) continue;
    const key = `${point.curve} by ${point.unit}`;
    const curve = curves.get(key) ?? { unit: point.unit, points: [] };
    curve.points.push({ x: point.x, seconds: ours_s });
    curves.set(key, curve);
  }
  return [...curves].map(([title, curve]) => ({ title, ...curve }));
}

/** Time over size, a panel per curve, with the line of proportion through the smallest size; empty without points. */
export function growthPlotOf(rows: readonly Comparison[]): string {
  const curves = curvesOf(rows);
  if (curves.length === 0) return '';
  const panels = curves.map(
    (curve, i) => `<g transform="translate(${i * PANEL.width} 0)">\n${panel(curve)}\n</g>`,
  );
  return svg(curves.length * PANEL.width, PANEL.height, 'Time over size', panels);
}

function panel({ title, unit, points }: Curve): string {
  const [mostX, mostY] = [
    Math.max(...points.map(({ x }) => x)),
    Math.max(...points.map(({ seconds }) => seconds)),
  ];
  const first = points.reduce((least, point) => (point.x < least.x ? point : least));
  const top = 1.1 * Math.max(mostY, (first.seconds / first.x) * mostX);
  const x = (value: number): string =>
    (PANEL.left + ((PANEL.width - PANEL.left - PANEL.right) * value) / mostX).toFixed(1);
  const y = (value: number): string =>
    (PANEL.height - PANEL.bottom - ((PANEL.height - PANEL.bottom - PANEL.top) * value) / top).toFixed(1);
  const dots = points.map(
    ({ x: at, seconds }) => `<circle cx="${x(at)}" cy="${y(seconds)}" r="3" fill="#2a7f62"/>
<text x="${x(at)}" y="${Number(y(seconds)) - 7}" text-anchor="end" font-size="10">${seconds.toPrecision(2)} s</text>`,
  );
  return [
    `<text x="${PANEL.width / 2}" y="18" text-anchor="middle" font-size="11">${escaped(title)}</text>`,
    `<path d="M${x(0)} ${y(top)} V${y(0)} H${x(mostX)}" fill="none" stroke="#444444"/>`,
    `<line x1="${x(0)}" y1="${y(0)}" x2="${x(mostX)}" y2="${y((first.seconds / first.x) * mostX)}" stroke="#999999" stroke-dasharray="4 3"/>`,
    ...dots,
    `<text x="${x(mostX)}" y="${PANEL.height - 22}" text-anchor="end" font-size="10">${mostX.toLocaleString('en')} ${escaped(unit)}</text>`,
  ].join('\n');
}
