import { OptionError, ShapeError, unexpected } from '../../errors';
import { extent, formatShape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { matmul } from '../../ops/products/matmul';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { checkMatrix } from '../matrices';

/** A linear map that is known by what it does to vectors. */
export interface LinearOperator {
  /** Rows and columns of the matrix that it stands for. */
  readonly shape: readonly [rows: number, columns: number];
  /** `A x` for x [columns], or for all columns of x [columns, k] at once. A pure function of its argument, made of ops. */
  readonly matvec: (x: Tensor) => Tensor;
  /** `A^T y`; only what solves least squares asks for it. */
  readonly adjoint?: (y: Tensor) => Tensor;
}

/** A matrix [m, n], an operator, or just the function of one that is square. */
export type Linear = Tensor | LinearOperator | ((x: Tensor) => Tensor);

/** What was given as an operator; `rows` is the length of the vectors it is used with. */
export function operatorOf(where: string, a: Linear, rows: number): LinearOperator {
  if (typeof a === 'function') return { shape: [rows, rows], matvec: a };
  const operator = a instanceof Tensor ? ofMatrix(where, a) : checkedOperator(where, a);
  if (operator.shape[0] !== rows) {
    throw new ShapeError(
      `${where}: an operator with ${rows} rows expected, got shape ${formatShape(operator.shape)}`,
    );
  }
  return operator;
}

/** The same, refused unless it is square. */
export function squareOperatorOf(where: string, a: Linear, rows: number): LinearOperator {
  const operator = operatorOf(where, a, rows);
  if (operator.shape[1] !== rows) {
    throw new ShapeError(`${where}: a square operator expected, got shape ${formatShape(operator.shape)}`);
  }
  return operator;
}

function checkedOperator(where: string, a: LinearOperator): LinearOperator {
  const given = a as Partial<LinearOperator> | null | undefined;
  if (Array.isArray(given?.shape) && typeof given.matvec === 'function') return a;
  throw unexpected(where, 'a matrix, a function or an operator { shape, matvec }', a);
}

function ofMatrix(where: string, a: Tensor): LinearOperator {
  checkMatrix(where, a);
  const [rows, columns] = a.shape;
  if (rows === undefined || columns === undefined || a.shape.length !== 2)
    throw new ShapeError(`${where}: one matrix [m, n] expected, got shape ${formatShape(a.shape)}`);
  return {
    shape: [rows, columns],
    matvec: (x) => times(a, x),
    adjoint: (y) => times(transpose(a), y),
  };
}

function times(a: Tensor, x: Tensor): Tensor {
  if (x.shape.length === 2) return matmul(a, x);
  const y = matmul(a, reshape(x, [...x.shape, 1]));
  return reshape(y, y.shape.slice(0, -1));
}

/** How many rows or columns an operator has where no right side says so. */
export function sizeOfOperator(where: string, a: Linear, size: number | undefined): number {
  if (typeof a !== 'function') return extent((a instanceof Tensor ? a : checkedOperator(where, a)).shape, 0);
  if (size !== undefined && Number.isSafeInteger(size) && size >= 0) return size;
  throw new OptionError(`${where}: a function needs the option 'size', the length of its vectors`);
}
