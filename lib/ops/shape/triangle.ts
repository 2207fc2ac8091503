import { PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { DType } from '../../graph/dtype';
import { extent, formatShape, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, equal, greaterEqual, lessEqual, sub, zeros } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { iota } from '../indexing/iota';
import { reshape } from './reshape';

export interface OffsetOptions {
  /** The diagonal: 0 is the main one, positive ones lie above it. Default 0. */
  readonly offset?: number;
}

export const OFFSET_OPTIONS: Kinds<OffsetOptions> = { offset: 'number' };

export function checkOffset(where: string, offset: number): void {
  if (Number.isSafeInteger(offset)) return;
  throw new PalimpsestError('ERR_ARGUMENT', `${where}: an integer offset expected, got ${offset}`);
}

/** Column minus row at every place of a matrix, int32: what tells its diagonals apart. One row and one column long. */
function diagonalNumbers(where: string, shape: Shape): Tensor {
  if (shape.length < 2)
    throw new ShapeError(`${where}: two axes or more expected, got ${formatShape(shape)}`);
  const [rows, columns] = [extent(shape, -2), extent(shape, -1)];
  return sub(reshape(iota(columns), [1, columns]), reshape(iota(rows), [rows, 1]));
}

/**
 * The upper triangle of the last two axes: `y[i, j] = x[i, j]` where `j - i >= offset`, and 0 elsewhere, whatever stood there.
 * @throws ShapeError for fewer than two axes; PalimpsestError ERR_ARGUMENT for an offset that is no integer.
 */
export function triu(x: Tensor, options: OffsetOptions = {}): Tensor {
  checkTensors('triu', { x });
  checkKinds('triu', options, OFFSET_OPTIONS);
  const { offset = 0 } = options;
  checkOffset('triu', offset);
  return where(greaterEqual(diagonalNumbers('triu', x.shape), offset), x, zeros([], x.dtype));
}

/**
 * The lower triangle of the last two axes: `y[i, j] = x[i, j]` where `j - i <= offset`, and 0 elsewhere, whatever stood there.
 * @throws ShapeError for fewer than two axes; PalimpsestError ERR_ARGUMENT for an offset that is no integer.
 */
export function tril(x: Tensor, options: OffsetOptions = {}): Tensor {
  checkTensors('tril', { x });
  checkKinds('tril', options, OFFSET_OPTIONS);
  const { offset = 0 } = options;
  checkOffset('tril', offset);
  return where(lessEqual(diagonalNumbers('tril', x.shape), offset), x, zeros([], x.dtype));
}

export interface EyeOptions extends OffsetOptions {
  /** Default: as many as rows. */
  readonly columns?: number;
  /** Default float32. */
  readonly dtype?: DType;
}

const EYE_OPTIONS: Kinds<EyeOptions> = { columns: 'number', dtype: 'dtype', offset: 'number' };

/**
 * The identity matrix: 1 where `j - i = offset`, 0 elsewhere.
 * @throws PalimpsestError ERR_ARGUMENT for an offset that is no integer; ShapeError for extents that are not.
 */
export function eye(rows: number, options: EyeOptions = {}): Tensor {
  checkKinds('eye', options, EYE_OPTIONS);
  const { columns = rows, offset = 0, dtype = 'float32' } = options;
  checkOffset('eye', offset);
  return cast(equal(diagonalNumbers('eye', [rows, columns]), offset), dtype);
}
