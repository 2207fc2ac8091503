import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { agreedAxis } from '../../ops/agreedAxis';
import { cast, div, greater, less, maximum, mul, sub } from '../../ops/elementwise/arithmetic';
import { logicalAnd } from '../../ops/elementwise/math';
import { checkFloats } from '../../ops/floats';
import { sum } from '../../ops/reduce/sum';
import { stacked } from '../matrices';

interface Set {
  readonly total: number;
  readonly cap: number;
}

const simplexProjectionOp = defineOp<Set>('simplexProjection', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: {
    kernel: 'simplexProjection',
    attributes: ({ total, cap }) => [total, cap],
    views: (_attributes, [x]) => ({ inputs: [stacked(x, 1)], outputs: [stacked(x, 1)] }),
  },
  flops: ([x]) => 2 * sizeOf(x.shape) * Math.ceil(Math.log2(2 * extent(x.shape, -1) + 2)),
  // Its own derivative's transpose: entries between the bounds move together, so that their sum stays.
  vjp: ([g], _inputs, [y], set) => [withinFace(g, y, set)],
  jvp: ([dx], _inputs, [y], set) => [dx && withinFace(dx, y, set)],
  example: {
    axis: (use) => {
      const axis = agreedAxis(use);
      const last = use.inputs[0].shape.length - 1;
      return axis.axis === last ? use.mixes('it projects along the example axis') : axis;
    },
  },
});

/** `d - mean(d)` over the entries strictly between the bounds, and 0 on the others. */
function withinFace(d: Tensor, y: Tensor, { cap }: Set): Tensor {
  const above = greater(y, 0);
  const free = cast(Number.isFinite(cap) ? logicalAnd(above, less(y, cap)) : above, d.dtype);
  const count = maximum(sum(free, { axis: -1, keepDims: true }), 1);
  return mul(free, sub(d, div(sum(mul(free, d), { axis: -1, keepDims: true }), count)));
}

function project(where: string, x: Tensor, total: number, cap: number): Tensor {
  checkFloats(where, x);
  if (x.shape.length === 0) throw new ShapeError(`${where}: an axis expected, got a scalar`);
  const n = extent(x.shape, -1);
  const most = n === 0 ? 0 : n * cap;
  if (!(total >= 0 && total <= most && Number.isFinite(total))) {
    throw new OptionError(`${where}: total must be a number from 0 to ${most}, got ${total}`);
  }
  return single(simplexProjectionOp([x], { total, cap }));
}

export interface SimplexOptions {
  /** What the entries sum to. Default 1. */
  readonly total?: number;
}

const SIMPLEX_OPTIONS: Kinds<SimplexOptions> = { total: 'number' };

/**
 * The nearest point of the simplex `{y >= 0, sum(y) = total}` to each row x [..., n], exactly, by sorting (Held, Wolfe and Crowder
 * 1974). It can be differentiated except where an entry reaches 0.
 *
 * @throws ShapeError for a scalar, DTypeError unless x is a float tensor, OptionError for a total below 0; reading it raises
 *   ERR_VALUE for NaN and infinities.
 */
export function projectSimplex(x: Tensor, options: SimplexOptions = {}): Tensor {
  checkTensors('projectSimplex', { x });
  checkKinds('projectSimplex', options, SIMPLEX_OPTIONS);
  return project('projectSimplex', x, options.total ?? 1, Infinity);
}

export interface CappedSimplexOptions {
  /** What the entries sum to, from 0 to n times the cap. */
  readonly total: number;
  /** The most an entry may be. Default 1. */
  readonly cap?: number;
}

const CAPPED_SIMPLEX_OPTIONS: Kinds<CappedSimplexOptions> = { total: 'number', cap: 'number' };

/**
 * The nearest point of the capped simplex `{0 <= y <= cap, sum(y) = total}` to each row x [..., n], exactly, by sorting: relaxed
 * choices of `total` among n things. It can be differentiated except where an entry reaches a bound.
 *
 * @throws ShapeError for a scalar, DTypeError unless x is a float tensor, OptionError for a total that the caps do not allow;
 *   reading it raises ERR_VALUE for NaN and infinities.
 */
export function projectCappedSimplex(x: Tensor, options: CappedSimplexOptions): Tensor {
  checkTensors('projectCappedSimplex', { x });
  checkKinds('projectCappedSimplex', options, CAPPED_SIMPLEX_OPTIONS);
  const { total, cap = 1 } = options;
  if (!(cap > 0 && Number.isFinite(cap)))
    throw new OptionError(`projectCappedSimplex: cap must be a positive number, got ${cap}`);
  return project('projectCappedSimplex', x, total, cap);
}
