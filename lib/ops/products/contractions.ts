import { describe, isList, OptionError, ShapeError } from '../../errors';
import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { mul } from '../elementwise/arithmetic';
import { expandDims, reshape } from '../shape/reshape';
import { contractPair } from './einsum/contract';
import { checkOneDType } from './oneDType';

export interface TensordotOptions {
  /**
   * How many of the last axes of a and the first of b are summed, or which of either, pair by pair. Default 2, as in NumPy.
   */
  readonly axes?: number | readonly [a: readonly number[], b: readonly number[]];
}

const TENSORDOT_OPTIONS: Kinds<TensordotOptions> = { axes: 'any' };

/**
 * The sum of products over pairs of axes: the other axes of a, then those of b, remain.
 *
 * @example
 * tensordot(a, b, { axes: [[0], [1]] });            // sum_i a[i, j] b[k, i] -> [j, k]
 * @throws ShapeError when the axes do not pair up or their extents differ; DTypeError for two dtypes.
 */
export function tensordot(a: Tensor, b: Tensor, options: TensordotOptions = {}): Tensor {
  checkTensors('tensordot', { a, b });
  checkKinds('tensordot', options, TENSORDOT_OPTIONS);
  const { axes = 2 } = options;
  checkOneDType('tensordot', [a, b]);
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  const counted = (count: number): [number[], number[]] => {
    if (!Number.isInteger(count) || count < 0 || count > Math.min(rankA, rankB)) {
      throw new ShapeError(
        `tensordot: ${count} axes of ${formatShape(a.shape)} and ${formatShape(b.shape)} do not pair up`,
      );
    }
    const first = Array.from({ length: count }, (_, i) => i);
    return [first.map((i) => rankA - count + i), first];
  };
  if (typeof axes !== 'number') {
    if (!isList(axes))
      throw new OptionError(`tensordot: axes must be a number or two lists, got ${describe(axes)}`);
    checkNumbers('tensordot', 'the axes of a', axes[0], false);
    checkNumbers('tensordot', 'the axes of b', axes[1], false);
  }
  const [ofA, ofB] =
    typeof axes === 'number'
      ? counted(axes)
      : [
          axes[0].map((axis) => normalizeAxis('tensordot', axis, rankA)),
          axes[1].map((axis) => normalizeAxis('tensordot', axis, rankB)),
        ];
  const differ = ofA.some((axis, i) => a.shape[axis] !== b.shape[ofB[i] ?? -1]);
  if (
    ofA.length !== ofB.length ||
    new Set(ofA).size !== ofA.length ||
    new Set(ofB).size !== ofB.length ||
    differ
  ) {
    throw new ShapeError(
      `tensordot: axes [${ofA.join(', ')}] of ${formatShape(a.shape)} and [${ofB.join(', ')}] of ` +
        `${formatShape(b.shape)} do not pair up`,
    );
  }
  const labelsA = a.shape.map((_, axis) => `a${axis}`);
  const labelsB = b.shape.map((_, axis) => {
    const pair = ofB.indexOf(axis);
    return pair < 0 ? `b${axis}` : `a${extent(ofA, pair)}`;
  });
  const kept = (label: string): boolean => !(labelsA.includes(label) && labelsB.includes(label));
  return contractPair({ tensor: a, labels: labelsA }, { tensor: b, labels: labelsB }, kept).tensor;
}

/**
 * Products of all pairs along the last axes, `y[..., i, j] = a[..., i] b[..., j]`; leading axes broadcast.
 * @throws ShapeError for an operand without axes.
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkTensors('outer', { a, b });
  if (a.shape.length === 0 || b.shape.length === 0)
    throw new ShapeError('outer: one axis or more expected, got []');
  return mul(expandDims(a, -1), expandDims(b, -2));
}

/**
 * The sum of products over the last axes, `y[i, j] = sum_k a[i, k] b[j, k]`, as NumPy has it; other axes remain.
 * @throws ShapeError for an operand without axes, or when the last axes differ.
 */
export function inner(a: Tensor, b: Tensor): Tensor {
  checkTensors('inner', { a, b });
  if (a.shape.length === 0 || b.shape.length === 0)
    throw new ShapeError('inner: one axis or more expected, got []');
  return tensordot(a, b, { axes: [[-1], [-1]] });
}

/**
 * The sum of products of all elements of two tensors of one size, without axes.
 * @throws ShapeError when the sizes differ.
 */
export function vdot(a: Tensor, b: Tensor): Tensor {
  checkTensors('vdot', { a, b });
  if (a.size !== b.size) {
    throw new ShapeError(
      `vdot: two tensors of one size expected, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  checkOneDType('vdot', [a, b]);
  return inner(reshape(a, [a.size]), reshape(b, [b.size]));
}

/**
 * The Kronecker product: every element of a times all of b, block by block,
 * `y[i m + k, j n + l] = a[i, j] b[k, l]`; an operand with fewer axes gets leading ones of extent 1.
 */
export function kron(a: Tensor, b: Tensor): Tensor {
  checkTensors('kron', { a, b });
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = (x: Tensor): number[] => [...Array<number>(rank - x.shape.length).fill(1), ...x.shape];
  const [shapeA, shapeB] = [padded(a), padded(b)];
  const spread = mul(
    reshape(
      a,
      shapeA.flatMap((own) => [own, 1]),
    ),
    reshape(
      b,
      shapeB.flatMap((own) => [1, own]),
    ),
  );
  return reshape(
    spread,
    shapeA.map((own, axis) => own * extent(shapeB, axis)),
  );
}
