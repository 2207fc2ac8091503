import { createColors } from 'picocolors';

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Default `'right'`: most columns are numbers. */
  readonly align?: 'left' | 'right';
}

export interface TableOptions<Row> {
  /** Colours and bold for terminals. Default false. */
  readonly color?: boolean;
  /** Rows to point out; seen only with colour. */
  readonly strong?: (row: Row) => boolean;
}

/**
 * Rows as aligned text: a line of titles, a rule, one line per row. Control characters in cells become
 * visible signs, so that no data can command a terminal.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { color = false, strong = () => false }: TableOptions<Row> = {},
): string {
  const colors = createColors(color);
  const cells = rows.map((row) => columns.map((column) => visible(column.text(row))));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((line) => width(line[i] ?? ''))),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => pad(text, widths[i] ?? 0, columns[i]?.align ?? 'right'))
      .join('  ')
      .trimEnd();
  const rule = widths.map((length) => '─'.repeat(length)).join('──');
  const body = rows.map((row, i) => {
    const text = line(cells[i] ?? []);
    return strong(row) ? colors.bold(colors.yellow(text)) : text;
  });
  return [colors.dim(line(columns.map(({ title }) => title))), colors.dim(rule), ...body].join('\n') + '\n';
}

/** Whether to colour what goes to a stream: on a terminal, unless NO_COLOR says otherwise. */
export function wantsColor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const off = environment.NO_COLOR;
  return stream.isTTY === true && (off === undefined || off === '') && environment.TERM !== 'dumb';
}

function pad(text: string, length: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, length - width(text)));
  return align === 'left' ? text + space : space + text;
}

const width = (text: string): number => Array.from(text).length;

const visible = (text: string): string => text.replace(/\p{Cc}/gu, '\u{FFFD}');
