import { DTypeError } from '../../errors';
import { checkKinds, checkTensors } from '../../graph/call';
import { defineOp, type Op } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { takeAlong, takeAlongGrad } from '../indexing/takeAlong';
import {
  along,
  type Along,
  batchedScan,
  sameLine,
  SCAN_OPTIONS,
  scanKernel,
  type ScanOptions,
} from './scanAxis';

/** cummax and cummin: they differ in the kernel alone. */
function defineCumulative(name: 'cummax' | 'cummin'): Op<Along> {
  return defineOp<Along>(name, {
    infer: ([x]) => [
      { shape: x.shape, dtype: x.dtype },
      { shape: x.shape, dtype: 'int32' },
    ],
    lower: scanKernel(name),
    // y_i = x_(k_i), with the places k found by the kernel.
    vjp: ([g], [x], [, indices], { axis }) => [takeAlongGrad(g, indices, extent(x.shape, axis), { axis })],
    jvp: ([dx], _inputs, [, indices], { axis }) => [dx && takeAlong(dx, indices, { axis }), null],
    example: { axis: sameLine },
    batch: batchedScan,
  });
}

/** Running extremes and where they are. */
export interface CumulativeExtremes {
  readonly values: Tensor;
  /** int32, along the axis. */
  readonly indices: Tensor;
}

const cumulative =
  (name: 'cummax' | 'cummin') =>
  (op: Op<Along>): ((x: Tensor, options?: ScanOptions) => CumulativeExtremes) =>
  (x, options = {}) => {
    checkTensors(name, { x });
    checkKinds(name, options, SCAN_OPTIONS);
    if (x.dtype === 'bool' || x.dtype === 'uint8') {
      throw new DTypeError(`${name}: floats, int32 or int64 expected, got ${x.dtype}; cast it first`);
    }
    const [values, indices] = op([x], along(name, x, options)) as [Tensor, Tensor];
    return { values, indices };
  };

/**
 * The largest element so far along an axis, and its place: the first of equals; once there is a NaN it stays. The gradient goes
 * to that element.
 * @throws ShapeError for an axis that is not there; DTypeError for bool and uint8.
 */
export const cummax = cumulative('cummax')(defineCumulative('cummax'));

/**
 * The smallest element so far along an axis, and its place: the first of equals; once there is a NaN it stays. The gradient goes
 * to that element.
 * @throws ShapeError for an axis that is not there; DTypeError for bool and uint8.
 */
export const cummin = cumulative('cummin')(defineCumulative('cummin'));
