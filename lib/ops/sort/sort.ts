import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { takeAlong, takeAlongGrad } from '../indexing/takeAlong';
import { alongLast, asRows, sameRow } from './rows';

interface Order {
  readonly descending: boolean;
}

const lowering = (kernel: string) => ({
  kernel,
  attributes: ({ descending }: Order) => [Number(descending)],
  views: (_attributes: Order, inputs: Parameters<typeof asRows>[0], outputs: Parameters<typeof asRows>[1]) =>
    asRows(inputs, outputs),
});

/** Comparisons that a row of a few thousand needs per element; longer rows need some more. */
const COMPARISONS = 12;

const argsortOp = defineOp<Order>('argsort', {
  infer: ([x]) => ({ shape: x.shape, dtype: 'int32' }),
  lower: lowering('argsort'),
  constant: true,
  example: { axis: sameRow },
  batch: 'each',
  flops: perInput(COMPARISONS),
});

const argsortRows = (x: Tensor, order: Order): Tensor => single(argsortOp([x], order));

const sortOp = defineOp<Order>('sort', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: lowering('sort'),
  // y_i = x_(k_i) with the order k, which is worked out only here.
  vjp: ([g], [x], _outputs, order) => [takeAlongGrad(g, argsortRows(x, order), extent(x.shape, -1))],
  jvp: ([dx], [x], _outputs, order) => [dx && takeAlong(dx, argsortRows(x, order))],
  example: { axis: sameRow },
  batch: 'each',
  flops: perInput(COMPARISONS),
});

export interface SortOptions {
  /** The axis to sort along. Default -1. */
  readonly axis?: number;
  /** The largest first. Default false. */
  readonly descending?: boolean;
}

const SORT_OPTIONS: Kinds<SortOptions> = { axis: 'number', descending: 'boolean' };

/**
 * The elements in order along an axis, for every dtype. Minus zero comes before zero, and NaN last in either direction. The
 * gradient goes back to where the elements came from.
 *
 * @example
 * sort(tensor([3, 1, 2]));                                // [1, 2, 3]
 * @throws ShapeError for an axis that is not there.
 */
export function sort(x: Tensor, options: SortOptions = {}): Tensor {
  checkTensors('sort', { x });
  checkKinds('sort', options, SORT_OPTIONS);
  const { axis = -1, descending = false } = options;
  return alongLast('sort', x, axis, (rows) => single(sortOp([rows], { descending })));
}

/**
 * The int32 places of the elements in order along an axis: `takeAlong(x, argsort(x), { axis })` is sorted. Equal elements keep
 * their order, in either direction.
 * @throws ShapeError for an axis that is not there.
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  checkTensors('argsort', { x });
  checkKinds('argsort', options, SORT_OPTIONS);
  const { axis = -1, descending = false } = options;
  return alongLast('argsort', x, axis, (rows) => argsortRows(rows, { descending }));
}
