import { ShapeError } from '../../errors';
import { checkKinds, checkTensors } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { sum } from '../reduce/sum';
import { reshape } from './reshape';
import { placeSlice, slice } from './slice';
import { checkOffset, OFFSET_OPTIONS, type OffsetOptions } from './triangle';

/** Where a diagonal of a matrix lies in its elements in row-major order, and how long it is. */
function diagonalOf(
  rows: number,
  columns: number,
  offset: number,
): { readonly start: number; readonly length: number } {
  const [row, column] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(rows - row, columns - column));
  return { start: length === 0 ? 0 : row * columns + column, length };
}

/**
 * A diagonal of the last two axes: `y[..., i] = x[..., i, i + offset]` (for a negative offset `x[..., i - offset, i]`).
 * @throws ShapeError for fewer than two axes; PalimpsestError ERR_ARGUMENT for an offset that is no integer.
 */
export function diagonal(x: Tensor, options: OffsetOptions = {}): Tensor {
  checkTensors('diagonal', { x });
  checkKinds('diagonal', options, OFFSET_OPTIONS);
  const { offset = 0 } = options;
  checkOffset('diagonal', offset);
  if (x.shape.length < 2)
    throw new ShapeError(`diagonal: two axes or more expected, got ${formatShape(x.shape)}`);
  const before = x.shape.slice(0, -2);
  const [rows, columns] = [extent(x.shape, -2), extent(x.shape, -1)];
  const { start, length } = diagonalOf(rows, columns, offset);
  const whole = before.map(() => undefined);
  const flat = reshape(x, [...before, rows * columns]);
  const stop = length === 0 ? start : start + (length - 1) * (columns + 1) + 1;
  return slice(flat, {
    starts: [...whole, start],
    stops: [...whole, stop],
    steps: [...whole, columns + 1],
  });
}

/**
 * Matrices with the last axis on a diagonal and zeros elsewhere: `y[..., i, i + offset] = x[..., i]`, of
 * `n + |offset|` rows and columns.
 * @throws ShapeError for no axis; PalimpsestError ERR_ARGUMENT for an offset that is no integer.
 */
export function diagEmbed(x: Tensor, options: OffsetOptions = {}): Tensor {
  checkTensors('diagEmbed', { x });
  checkKinds('diagEmbed', options, OFFSET_OPTIONS);
  const { offset = 0 } = options;
  checkOffset('diagEmbed', offset);
  if (x.shape.length === 0) throw new ShapeError('diagEmbed: one axis or more expected, got []');
  const before = x.shape.slice(0, -1);
  const side = extent(x.shape, -1) + Math.abs(offset);
  const { start } = diagonalOf(side, side, offset);
  const zeros = before.map(() => 0);
  const flat = placeSlice(x, {
    starts: [...zeros, start],
    steps: [...before.map(() => 1), side + 1],
    whole: [...before, side * side],
  });
  return reshape(flat, [...before, side, side]);
}

/**
 * NumPy's `diag`: the matrix with a vector on its diagonal, or the diagonal of a matrix. `diagEmbed` and `diagonal` are the
 * two for tensors with more axes.
 * @throws ShapeError for other than one or two axes.
 */
export function diag(x: Tensor, options: OffsetOptions = {}): Tensor {
  checkTensors('diag', { x });
  checkKinds('diag', options, OFFSET_OPTIONS);
  if (x.shape.length === 1) return diagEmbed(x, options);
  if (x.shape.length === 2) return diagonal(x, options);
  throw new ShapeError(
    `diag: a vector or a matrix expected, got ${formatShape(x.shape)}; see diagonal and diagEmbed`,
  );
}

/** The sum of a diagonal of the last two axes. @throws ShapeError for fewer than two axes. */
export const trace = (x: Tensor, options: OffsetOptions = {}): Tensor =>
  sum(diagonal(x, options), { axis: -1 });
