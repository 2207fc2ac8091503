import { DTypeError, PalimpsestError } from '../../errors';
import { checkOperands, checkTensors } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { formatShape, sizeOf, type Shape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { add, full } from '../elementwise/arithmetic';
import { broadcastTo } from '../reduce/sum';
import { reshape } from '../shape/reshape';
import { slice } from '../shape/slice';
import { scatterSet } from './put';
import {
  isWhole,
  positionsOf,
  selectionOf,
  type IndexPart,
  type Positions,
  type Selected,
} from './selection';
import { take, takeGrad } from './take';

/**
 * Elements by a NumPy index, one part per axis: a number takes an entry and drops the axis, `{ start, stop, step }` keeps a
 * range, an int32 tensor picks entries (several broadcast against each other), `null` makes an axis of extent 1 and `'...'`
 * stands for all axes not mentioned. Numbers and ranges count from the end when negative; indices in tensors do not.
 *
 * @example
 * at(x, 0);                                         // the first row
 * at(x, '...', { step: -1 });                       // the last axis in reverse
 * at(x, rows, columns);                             // x[rows[i], columns[i]]
 * @throws ShapeError for more parts than axes; PalimpsestError ERR_INDEX for a number outside its axis, and when the result
 *   is read for an index of a tensor; DTypeError for tensors of other dtypes than int32.
 */
export function at(x: Tensor, ...index: readonly IndexPart[]): Tensor {
  checkTensors('at', { x });
  const selection = selectionOf('at', x.shape, index);
  const tensors = selection.filter((part) => part.kind === 'tensor');
  if (tensors.length === 0) return sliced(x, selection);
  const [only] = tensors;
  const others = selection.filter((part) => part.kind !== 'tensor');
  if (only && tensors.length === 1 && others.every((part) => isWhole(part, x.shape))) {
    return take(x, only.indices, { axis: only.axis });
  }
  const { rows, count, inner } = checked('at', x.shape, positionsOf('at', x.shape, selection));
  return take(reshape(x, [count, ...inner]), rows);
}

function sliced(x: Tensor, selection: readonly Selected[]): Tensor {
  const ranges = selection.flatMap((part) => {
    if (part.kind === 'range') return [part];
    return part.kind === 'number' ? [{ start: part.at, step: 1, count: 1 }] : [];
  });
  const part = slice(x, {
    starts: ranges.map(({ start }) => start),
    // Past the first element in a negative direction there is no index to stop at.
    stops: ranges.map(({ start, step, count }) => {
      const stop = start + step * count;
      return count === 0 ? start : stop < 0 ? undefined : stop;
    }),
    steps: ranges.map(({ step }) => step),
  });
  return reshape(
    part,
    selection.flatMap((own) => (own.kind === 'new' ? [1] : own.kind === 'range' ? [own.count] : [])),
  );
}

function checked(where: string, shape: Shape, positions: Positions): Positions {
  if (positions.count < 2 ** 31) return positions;
  throw new PalimpsestError('ERR_SIZE', `${where}: more than 2^31 rows in ${formatShape(shape)}`);
}

/** The positions of an index, and values for them one row per position. */
function update(
  where: string,
  x: Tensor,
  index: readonly IndexPart[],
  values: Tensor | number,
): Positions & { readonly values: Tensor } {
  checkOperands(where, [values]);
  const given = values instanceof Tensor ? values : full([], values, x.dtype);
  if (given.dtype !== x.dtype)
    throw new DTypeError(`${where}: ${x.dtype} values expected, got ${given.dtype}; use cast`);
  const selection = selectionOf(where, x.shape, index);
  const { rows, count, inner } = checked(where, x.shape, positionsOf(where, x.shape, selection));
  const spread = broadcastTo(given, [...rows.shape, ...inner]);
  const width = sizeOf(inner);
  return {
    rows: reshape(rows, [rows.size]),
    count,
    inner: [width],
    values: reshape(spread, [rows.size, width]),
  };
}

/**
 * A copy with the elements that an index selects replaced: JAX's `x.at[index].set(values)`. The values broadcast to the
 * shape of `at(x, ...index)`. Where an element is selected twice the last value stays, and it alone gets a gradient.
 *
 * @example
 * setAt(x, [0], 1);                                 // ones in the first row
 * @throws as `at`; ShapeError when the values do not broadcast; DTypeError unless they have the dtype of x.
 */
export function setAt(x: Tensor, index: readonly IndexPart[], values: Tensor | number): Tensor {
  checkTensors('setAt', { x });
  const { rows, count, inner, values: all } = update('setAt', x, index, values);
  const table = reshape(x, [count, ...inner]);
  return reshape(scatterSet(table, reshape(rows, [rows.size, 1]), all, { axis: 0 }), x.shape);
}

/**
 * A copy with values added to the elements that an index selects: JAX's `x.at[index].add(values)`. The values broadcast to
 * the shape of `at(x, ...index)`; an element that is selected twice gets both, added in a fixed order.
 *
 * @throws as `at`; ShapeError when the values do not broadcast; DTypeError unless they have the float dtype of x.
 */
export function addAt(x: Tensor, index: readonly IndexPart[], values: Tensor | number): Tensor {
  checkTensors('addAt', { x });
  if (!isFloat(x.dtype)) throw new DTypeError(`addAt: floats expected, got ${x.dtype}`);
  const { rows, count, values: all } = update('addAt', x, index, values);
  return add(x, reshape(takeGrad(all, rows, count), x.shape));
}
