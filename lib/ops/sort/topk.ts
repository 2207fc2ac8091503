import { ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { extent, formatShape, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { takeAlong } from '../indexing/takeAlong';
import { reshape } from '../shape/reshape';
import { slice } from '../shape/slice';
import { withoutAxes } from '../reduce/sum';
import { alongLast, asRows, sameRow } from './rows';

const topkOp = defineOp<{ k: number; largest: boolean }>('topk', {
  infer: ([x], { k }) => ({ shape: [...x.shape.slice(0, -1), k], dtype: 'int32' }),
  lower: {
    kernel: 'topk',
    attributes: ({ largest }) => [Number(largest)],
    views: (_attributes, inputs, outputs) => asRows(inputs, outputs),
  },
  constant: true,
  example: { axis: sameRow },
  batch: 'each',
  flops: perInput(2),
});

/** Elements and where they are. */
export interface Picked {
  readonly values: Tensor;
  /** int32, along the axis. */
  readonly indices: Tensor;
}

export interface TopkOptions {
  /** The axis to look along. Default -1. */
  readonly axis?: number;
  /** False for the smallest. Default true. */
  readonly largest?: boolean;
}

const TOPK_OPTIONS: Kinds<TopkOptions> = { axis: 'number', largest: 'boolean' };

/**
 * The k largest elements along an axis, the largest first, and where they are. Of equal elements the first ones are taken, and
 * NaN only when nothing else is left. The gradient goes back to where the elements came from.
 *
 * @example
 * const { values, indices } = topk(logits, 5);            // [N, V] -> [N, 5]
 * @throws ShapeError unless k is an integer from 0 to the extent of the axis.
 */
export function topk(x: Tensor, k: number, options: TopkOptions = {}): Picked {
  checkTensors('topk', { x });
  checkKinds('topk', options, TOPK_OPTIONS);
  const { axis = -1, largest = true } = options;
  const at = normalizeAxis('topk', axis, x.shape.length);
  checkCount('topk', x, k, at, 0);
  const indices = alongLast('topk', x, at, (rows) => single(topkOp([rows], { k, largest })));
  return { values: takeAlong(x, indices, { axis: at }), indices };
}

export interface KthValueOptions {
  /** The axis to look along. Default -1. */
  readonly axis?: number;
  /** Keep the axis with extent 1. Default false. */
  readonly keepDims?: boolean;
}

const KTH_VALUE_OPTIONS: Kinds<KthValueOptions> = { axis: 'number', keepDims: 'boolean' };

/**
 * The k-th smallest element along an axis (the smallest is number 1), and where it is.
 * @throws ShapeError unless k is an integer from 1 to the extent of the axis.
 */
export function kthValue(x: Tensor, k: number, options: KthValueOptions = {}): Picked {
  checkTensors('kthValue', { x });
  checkKinds('kthValue', options, KTH_VALUE_OPTIONS);
  const { axis = -1, keepDims = false } = options;
  const at = normalizeAxis('kthValue', axis, x.shape.length);
  checkCount('kthValue', x, k, at, 1);
  const { indices } = topk(x, k, { axis: at, largest: false });
  const last = slice(indices, {
    starts: x.shape.map((_, i) => (i === at ? k - 1 : 0)),
  });
  const values = takeAlong(x, last, { axis: at });
  const without = withoutAxes(last.shape, [at]);
  return keepDims
    ? { values, indices: last }
    : { values: reshape(values, without), indices: reshape(last, without) };
}

function checkCount(where: string, x: Tensor, k: number, axis: number, least: number): void {
  if (Number.isSafeInteger(k) && k >= least && k <= extent(x.shape, axis)) return;
  throw new ShapeError(
    `${where}: k from ${least} to the extent of axis ${axis} of ${formatShape(x.shape)} expected, got ${k}`,
  );
}
