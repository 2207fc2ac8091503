import { styleText } from 'node:util';

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Default `'right'`: most columns are numbers. */
  readonly align?: 'left' | 'right';
  /** Whether cells may be broken into lines between words. Default false. */
  readonly wrap?: boolean;
}

export interface TableOptions<Row> {
  /** Colours and bold for terminals. Default false. */
  readonly color?: boolean;
  /** Rows to point out; seen only with colour. */
  readonly strong?: (row: Row) => boolean;
  /**
   * Characters in a line; cells that may be broken are, to keep to it where that is possible. Default: no
   * limit.
   */
  readonly maxWidth?: number | undefined;
}

const GAP = '  ';
/** Broken columns stay wide enough to be read. */
const NARROWEST = 12;

/**
 * Rows as aligned text: a line of titles, a rule, the rows. Control characters in cells become visible signs,
 * so that no data can command a terminal.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { color = false, strong = () => false, maxWidth = Infinity }: TableOptions<Row> = {},
): string {
  // Whether to colour has been decided by whoever knows where the text goes.
  const styled = (style: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const cells = rows.map((row) => columns.map(({ text }) => visible(text(row))));
  const natural = columns.map(({ title }, i) =>
    Math.max(...[title, ...cells.map((row) => row[i] ?? '')].map(width)),
  );
  const widths = fitted(columns, natural, maxWidth);
  const lines = (texts: readonly string[]): string[] => {
    const broken = texts.map((text, i) =>
      columns[i]?.wrap === true ? wrapped(text, widths[i] ?? 0) : [text],
    );
    return Array.from({ length: Math.max(1, ...broken.map(({ length }) => length)) }, (_, line) =>
      broken
        .map((parts, i) => pad(parts[line] ?? '', widths[i] ?? 0, columns[i]?.align ?? 'right'))
        .join(GAP)
        .trimEnd(),
    );
  };
  const titles = lines(columns.map(({ title }) => title));
  const rule = widths.map((length) => '─'.repeat(length)).join('─'.repeat(GAP.length));
  const body = rows.flatMap((row, i) => {
    const text = lines(cells[i] ?? []);
    return strong(row) ? text.map((line) => styled(['bold', 'yellow'], line)) : text;
  });
  return [...[...titles, rule].map((line) => styled('dim', line)), ...body, ''].join('\n');
}

/** Whether to colour what goes to a stream: on a terminal, unless NO_COLOR says otherwise. */
export function wantsColor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const off = environment.NO_COLOR;
  return stream.isTTY === true && (off === undefined || off === '') && environment.TERM !== 'dumb';
}

/** Takes from the widest column that may be broken, one character at a time, until the line fits. */
function fitted(
  columns: readonly Pick<Column<never>, 'wrap'>[],
  natural: readonly number[],
  most: number,
): number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, length) => sum + length, GAP.length * (widths.length - 1));
  while (total() > most) {
    const widest = widths.reduce(
      (best, length, i) => (columns[i]?.wrap === true && length > (widths[best] ?? 0) ? i : best),
      -1,
    );
    const length = widths[widest] ?? 0;
    if (length <= NARROWEST) break;
    widths[widest] = length - 1;
  }
  return widths;
}

/** Lines of whole words; a word that is too long for any line is cut. */
function wrapped(text: string, length: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) <= length) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    const characters = Array.from(word);
    while (characters.length > length) lines.push(characters.splice(0, length).join(''));
    line = characters.join('');
  }
  return [...lines, line];
}

function pad(text: string, length: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, length - width(text)));
  return align === 'left' ? text + space : space + text;
}

const width = (text: string): number => Array.from(text).length;

const visible = (text: string): string => text.replace(/\p{Cc}/gu, '\u{FFFD}');
