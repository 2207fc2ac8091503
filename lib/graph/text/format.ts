import { checkOptions, OptionError } from '../../errors';
import type { DType, StoredArray } from '../dtype';
import { isHalf } from '../dtype';
import { fromHalfBits } from '../halves/halfBits';
import { extent, sizeOf, type Shape } from '../shape';
import { writeAlone, writerOf, type Write } from './elements';

export interface FormatOptions {
  /** The most digits behind the point. Default 8. */
  readonly precision?: number;
  /** How many entries of a long axis are shown at either end. Default 3. */
  readonly edgeItems?: number;
  /** Larger tensors are shown by their edges. Default 1000 elements. */
  readonly threshold?: number;
  /** Default 75. */
  readonly lineWidth?: number;
}

/** `count` elements as they are stored, from number `start` on. */
export type ReadElements = (start: number, count: number) => StoredArray;

/** The elements of a tensor in brackets, as NumPy prints them. */
export function formatElements(
  { shape, dtype }: { readonly shape: Shape; readonly dtype: DType },
  read: ReadElements,
  options: FormatOptions = {},
): string {
  const { precision, edgeItems, threshold, lineWidth } = checkedOptions(options);
  const numbers = (start: number, count: number): (number | bigint)[] => {
    const stored = read(start, count);
    return Array.from<number | bigint>(isHalf(dtype) ? fromHalfBits(dtype, stored as Uint16Array) : stored);
  };
  const size = sizeOf(shape);
  if (size === 0) return '[]';
  if (shape.length === 0) return writeAlone(numbers(0, 1)[0] ?? 0, dtype, precision);
  const edges = size > threshold ? edgeItems : Infinity;
  const grid = gridOf(shape, edges, numbers);
  const write = writerOf(elementsOf(grid), dtype, precision);
  return written(grid, write, ' ', lineWidth);
}

function checkedOptions(options: FormatOptions): Required<FormatOptions> {
  const defaults = { precision: 8, edgeItems: 3, threshold: 1000, lineWidth: 75 };
  checkOptions('format', options, Object.keys(defaults));
  const all = { ...defaults, ...options };
  for (const [name, value] of Object.entries(all)) {
    const most = name === 'precision' ? 100 : Infinity;
    if (!(value === Infinity || Number.isSafeInteger(value)) || value < 0 || value > most)
      throw new OptionError(`format: ${name} must be a number of 0 or more, got ${value}`);
  }
  return all;
}

/** What is shown along one axis: entries of the next, or elements. */
interface Axis {
  readonly rank: number;
  readonly first: readonly (Axis | number | bigint)[];
  /** Behind the dots; undefined when nothing is left out. */
  readonly last: readonly (Axis | number | bigint)[] | undefined;
}

function gridOf(
  shape: Shape,
  edges: number,
  read: (start: number, count: number) => (number | bigint)[],
  start = 0,
): Axis {
  const [length, rest] = [extent(shape, 0), shape.slice(1)];
  const inner = sizeOf(rest);
  const entries = (from: number, to: number): (Axis | number | bigint)[] =>
    rest.length === 0
      ? read(start + from, to - from)
      : Array.from({ length: to - from }, (_, i) => gridOf(rest, edges, read, start + (from + i) * inner));
  const isCut = length > 2 * edges;
  return {
    rank: shape.length,
    first: entries(0, isCut ? edges : length),
    last: isCut ? entries(length - edges, length) : undefined,
  };
}

const elementsOf = ({ first, last = [] }: Axis): (number | bigint)[] =>
  [...first, ...last].flatMap((entry) => (typeof entry === 'object' ? elementsOf(entry) : [entry]));

/** One axis in brackets; `indent` stands before every line but the first. */
function written({ rank, first, last }: Axis, write: Write, indent: string, width: number): string {
  const text = (entry: Axis | number | bigint): string =>
    typeof entry === 'object' ? written(entry, write, `${indent} `, width - 1) : write(entry);
  const entries = [...first.map(text), ...(last ? ['...', ...last.map(text)] : [])];
  if (rank > 1) return `[${entries.join('\n'.repeat(rank - 1) + indent)}]`;
  const lines: string[] = [];
  let line = indent;
  for (const entry of entries) {
    if (line.length + entry.length > width - 1 && line.length > indent.length) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${entry} `;
  }
  lines.push(line.slice(0, -1));
  return `[${lines.join('\n').slice(indent.length)}]`;
}
