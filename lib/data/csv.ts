import { createReadStream } from 'node:fs';

import { CsvError, parse, type InfoRecord } from 'csv-parse';

import { checkOptions, FormatError, nearest, OptionError } from '../errors';
import type { Shape } from '../graph/shape';
import { checkAborted } from '../io/abort';
import { ioError } from '../io/ioError';
import { LabeledSet } from './labeledSet';

export interface CsvOptions {
  /** Whether the first line names the columns. Default true. */
  readonly header?: boolean | undefined;
  /**
   * The column of class numbers: its name, or its place from 0, where negative ones count from the last. Default: the
   * column named `label`. All other columns are features, in their order.
   */
  readonly label?: string | number | undefined;
  /** What stands between two cells. Default `,`. */
  readonly delimiter?: string | undefined;
  /** Default: the largest label plus one. */
  readonly classCount?: number | undefined;
  /** Shape of one example. Default: one axis, a feature per column. */
  readonly exampleShape?: Shape | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS = ['header', 'label', 'delimiter', 'classCount', 'exampleShape', 'signal'];

/**
 * Reads a table of numbers with a column of class numbers, line by line. Cells may be quoted and surrounded by spaces;
 * empty lines are skipped; everything else that is no number is an error.
 *
 * @example
 * const train = await readCsv('train.csv', { label: 'digit' });
 * @throws FormatError with path, line and column for a cell that is not a number, a label that is not a class number, or
 *   a line of another length; OptionError for a label column that is not there; PalimpsestError ERR_IO; AbortedError.
 */
export async function readCsv(path: string, options: CsvOptions = {}): Promise<LabeledSet> {
  checkOptions('readCsv', options, OPTIONS);
  const { header = true, delimiter = ',', signal } = options;
  if (!header && options.label === undefined) {
    throw new OptionError(
      'readCsv: without a header the option label must say which column, 0 or -1 for example',
    );
  }
  const table = new Table(path, header, options.label ?? 'label');
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const source = createReadStream(path, { signal });
  source.on('error', (error) => parser.destroy(error));
  try {
    const records: AsyncIterable<{ record: string[]; info: InfoRecord }> = source.pipe(parser);
    for await (const { record, info } of records) table.add(record, info.lines);
  } catch (error) {
    checkAborted('readCsv', signal);
    if (error instanceof CsvError)
      throw new FormatError(`'${path}': csv: ${error.message}`, { cause: error });
    throw ioError('read', path, error);
  } finally {
    source.destroy();
  }
  return table.finish(options);
}

/** Decimal numbers as people and programs write them; no words, no hexadecimal. */
const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const WHOLE = /^\+?[0-9]+(?:\.0*)?$/;

class Table {
  #names: readonly string[] | undefined;
  #columns = 0;
  #labelColumn = -1;
  #features = new Float32Array(1 << 12);
  #used = 0;
  readonly #labels: number[] = [];

  constructor(
    readonly path: string,
    readonly header: boolean,
    readonly label: string | number,
  ) {}

  add(record: readonly string[], line: number): void {
    const cells = record.map((cell) => cell.trim());
    if (this.#columns === 0) {
      this.#start(cells, line);
      if (this.header) return;
    }
    if (cells.length !== this.#columns) {
      this.#refuse(line, `${this.#columns} cells expected, got ${cells.length}`);
    }
    if (this.#used + cells.length > this.#features.length) {
      const grown = new Float32Array(2 * this.#features.length + cells.length);
      grown.set(this.#features);
      this.#features = grown;
    }
    for (const [column, cell] of cells.entries()) {
      if (column === this.#labelColumn) this.#labels.push(this.#classNumber(cell, line));
      else this.#features[this.#used++] = this.#number(cell, line, column);
    }
  }

  finish({ classCount, exampleShape }: CsvOptions): LabeledSet {
    if (this.#columns === 0) throw new FormatError(`'${this.path}': csv: the file holds no line`);
    return LabeledSet.of({
      features: this.#features.slice(0, this.#used),
      labels: this.#labels,
      exampleShape: exampleShape ?? [this.#columns - 1],
      classCount,
    });
  }

  /** Learns from the first line how many columns there are, and which one the label is. */
  #start(cells: readonly string[], line: number): void {
    this.#columns = cells.length;
    if (this.header) {
      if (cells.every((cell) => NUMBER.test(cell))) {
        this.#refuse(
          line,
          'column names expected, got only numbers; without a header line pass header: false',
        );
      }
      this.#names = cells;
    }
    const { label } = this;
    const column =
      typeof label === 'string' ? cells.indexOf(label) : label < 0 ? label + cells.length : label;
    if (typeof label === 'string' && (column < 0 || !this.header)) {
      const near = nearest(label, this.#names ?? []);
      const hint =
        near === undefined ? 'pass the name or the number of one as label' : `did you mean '${near}'?`;
      throw new OptionError(`readCsv: '${this.path}' has no column '${label}'; ${hint}`);
    }
    if (!Number.isInteger(column) || column < 0 || column >= cells.length) {
      throw new OptionError(`readCsv: '${this.path}' has ${cells.length} columns, none is number ${label}`);
    }
    this.#labelColumn = column;
  }

  #number(cell: string, line: number, column: number): number {
    const value = Math.fround(Number(cell));
    if (NUMBER.test(cell) && Number.isFinite(value)) return value;
    return this.#refuse(
      line,
      `a float32 number expected in ${this.#nameOf(column)}, got '${shortened(cell)}'`,
    );
  }

  #classNumber(cell: string, line: number): number {
    const value = Number(cell);
    if (WHOLE.test(cell) && value < 2 ** 31) return value;
    const column = this.#nameOf(this.#labelColumn);
    return this.#refuse(line, `a class number (0, 1, ...) expected in ${column}, got '${shortened(cell)}'`);
  }

  #nameOf(column: number): string {
    const name = this.#names?.[column];
    return name === undefined ? `column ${column}` : `column '${name}'`;
  }

  #refuse(line: number, reason: string): never {
    throw new FormatError(`'${this.path}', line ${line}: ${reason}`);
  }
}

const shortened = (cell: string): string => (cell.length > 40 ? `${cell.slice(0, 40)}...` : cell);
