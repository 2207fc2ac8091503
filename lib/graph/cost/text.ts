/** A column of a small table: its title and a cell per row. */
export interface TextColumn<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
}

/** Rows under titles, the first column to the left and the others, numbers, to the right. */
export function textTable<Row>(rows: readonly Row[], columns: readonly TextColumn<Row>[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ text }) => text(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A number with a prefix of its unit, three digits: `1.23 G`. */
function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let [rest, step] = [value, 0];
  while (rest >= base && step < prefixes.length - 1) [rest, step] = [rest / base, step + 1];
  const digits = step === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)} ${prefixes[step] ?? ''}`;
}

/** `1.23 MiB` */
export const bytesText = (bytes: number): string => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
/** `1.23 GFLOP` */
export const flopsText = (flops: number): string =>
  scaled(flops, 1000, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP']);
/** `1.23 ms` */
export const nanosecondsText = (ns: number): string => scaled(ns, 1000, ['ns', 'us', 'ms', 's']);
/** `12.3 %` */
export const shareText = (share: number): string => `${(share * 100).toFixed(1)} %`;
