import { DTypeError, PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { defineOp, single } from '../../graph/op';
import { extent, formatShape, normalizeAxis, sameShape, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { leadingAxesAnd } from '../batching';
import { asIndices } from '../indices';
import { aroundEach, checkAlong, sameRow, type Along } from './along';

// takeAlong and takeAlongGrad are each other's transposed map, so they share a file.

const withExtent = (shape: Shape, axis: number, own: number): Shape =>
  shape.map((n, i) => (i === axis ? own : n));

const takeAlongOp = defineOp<Along>('takeAlong', {
  infer: ([x, indices], { axis }) => ({
    shape: withExtent(x.shape, axis, extent(indices.shape, axis)),
    dtype: x.dtype,
  }),
  lower: {
    kernel: 'takeAlong',
    takesHalves: true,
    views: ({ axis }, inputs, outputs) => ({
      inputs: aroundEach(axis)(inputs),
      outputs: aroundEach(axis)(outputs),
    }),
  },
  // Linear in x; the indices have no tangent.
  linearity: 'multilinear',
  vjp: ([g], [x, indices], _outputs, { axis }) => [
    takeAlongGrad(g, indices, extent(x.shape, axis), { axis }),
    null,
  ],
  batch: leadingAxesAnd((along) => ({ ...along, axis: along.axis + 1 }), 0, 1),
  example: { axis: sameRow },
});

const takeAlongGradOp = defineOp<Along & { extent: number }>('takeAlongGrad', {
  infer: ([g], { axis, extent: own }) => ({ shape: withExtent(g.shape, axis, own), dtype: g.dtype }),
  lower: {
    kernel: 'takeAlongGrad',
    views: ({ axis }, inputs, outputs) => ({
      inputs: aroundEach(axis)(inputs),
      outputs: aroundEach(axis)(outputs),
    }),
  },
  linearity: 'multilinear',
  vjp: ([h], [, indices], _outputs, { axis }) => [takeAlong(h, indices, { axis }), null],
  batch: leadingAxesAnd((along) => ({ ...along, axis: along.axis + 1 }), 0, 1),
  example: { axis: sameRow },
});

export interface TakeAlongOptions {
  /** The axis to pick along. Default -1. */
  readonly axis?: number;
}

export const TAKE_ALONG_OPTIONS: Kinds<TakeAlongOptions> = { axis: 'number' };

/**
 * Elements by an index of their own along an axis, as NumPy's `take_along_axis` and PyTorch's `gather` have it:
 * `y[o, m, i] = x[o, indices[o, m, i], i]`, where o and i run over the axes before and behind. Where all axes of the int32
 * indices behind the axis are 1, an index picks a whole row: `y[o, m, i] = x[o, indices[o, m], i]`. Reading it raises
 * ERR_INDEX for an index outside [0, V): indices in tensors never count from the end.
 *
 * @example
 * takeAlong(logProbabilities, expandDims(labels, -1));          // [N, V], [N, 1] -> [N, 1]
 * takeAlong(states, picks, { axis: 1 });                        // [N, T, D], [N, M, 1] -> [N, M, D]
 * @throws ShapeError when other axes differ; DTypeError unless the indices are int32.
 */
export function takeAlong(x: Tensor, indices: Tensor, options: TakeAlongOptions = {}): Tensor {
  checkTensors('takeAlong', { x, indices });
  checkKinds('takeAlong', options, TAKE_ALONG_OPTIONS);
  const { axis = -1 } = options;
  const { axis: at } = checkAlong('takeAlong', x, indices, axis);
  return single(takeAlongOp([x, asIndices('takeAlong', indices, extent(x.shape, at))], { axis: at }));
}

/**
 * The transposed map of `takeAlong`: `y[o, v, i] = sum of g[o, m, i] over the m with indices[o, m, i] = v`, with `extent`
 * places v. Added in the order of m. Reading it raises ERR_INDEX for an index outside [0, extent).
 *
 * @throws ShapeError unless there is an index per element of g or per row; DTypeError unless g is a float and the indices
 *   int32.
 */
export function takeAlongGrad(
  g: Tensor,
  indices: Tensor,
  own: number,
  { axis = -1 }: TakeAlongOptions = {},
): Tensor {
  if (!Number.isSafeInteger(own) || own < 0) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `takeAlongGrad: an extent is a non-negative integer, got ${own}`,
    );
  }
  const at = normalizeAxis('takeAlongGrad', axis, g.shape.length);
  const { picked } = checkAlong('takeAlongGrad', g, indices, at);
  if (!sameShape(picked, g.shape)) {
    throw new ShapeError(
      `takeAlongGrad: one index per element expected, got ${formatShape(g.shape)} and ${formatShape(indices.shape)}`,
    );
  }
  if (!isFloat(g.dtype)) throw new DTypeError(`takeAlongGrad: floats expected, got ${g.dtype}`);
  return single(takeAlongGradOp([g, asIndices('takeAlongGrad', indices, own)], { axis: at, extent: own }));
}
