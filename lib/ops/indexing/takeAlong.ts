import { DTypeError, PalimpsestError, ShapeError } from '../../errors';
import { isFloat } from '../../graph/dtype';
import { sameExampleAxis, type ExampleAxis } from '../../graph/exampleAxis';
import { movesData, perInput } from '../../graph/flops';
import { defineOp, single, type AxisUse } from '../../graph/op';
import { extent, formatShape, sameShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';

// takeAlong and takeAlongGrad are each other's transposed map, so they share a file.

const rows = ({ shape }: Spec): Shape => [sizeOf(shape.slice(0, -1)), extent(shape, -1)];

const asRows = (
  inputs: readonly Spec[],
  outputs: readonly Spec[],
): { inputs: Shape[]; outputs: Shape[] } => ({
  inputs: inputs.map(rows),
  outputs: outputs.map(rows),
});

const takeAlongOp = defineOp('takeAlong', {
  infer: ([x, indices]) => ({ shape: indices.shape, dtype: x.dtype }),
  lower: { kernel: 'takeAlong', views: (_attributes, inputs, outputs) => asRows(inputs, outputs) },
  flops: movesData,
  // Linear in x; the indices have no tangent.
  linearity: 'multilinear',
  vjp: ([g], [x, indices]) => [takeAlongGrad(g, indices, extent(x.shape, -1)), null],
  example: { axis: sameRow },
});

const takeAlongGradOp = defineOp<{ extent: number }>('takeAlongGrad', {
  infer: ([g], attributes) => ({ shape: [...g.shape.slice(0, -1), attributes.extent], dtype: g.dtype }),
  lower: { kernel: 'takeAlongGrad', views: (_attributes, inputs, outputs) => asRows(inputs, outputs) },
  flops: perInput(1),
  linearity: 'multilinear',
  vjp: ([h], [, indices]) => [takeAlong(h, indices), null],
  example: { axis: sameRow },
});

/** Rows stay with their examples. An operand that all examples share lines up with them row by row. */
function sameRow<A>({ first, axes: [x, indices], inputs, mixes }: AxisUse<A>): ExampleAxis {
  if (first.axis === inputs[0].shape.length - 1) return mixes('it picks along the example axis');
  if (x && indices && !sameExampleAxis(x, indices))
    return mixes('its inputs have the examples in different places');
  return first;
}

/**
 * Elements by an index of their own, along the last axis: `y[..., m] = x[..., indices[..., m]]` for x [..., V] and
 * int32 indices [..., M]. Reading it raises ERR_INDEX for an index outside [0, V).
 *
 * @example
 * takeAlong(logProbabilities, expandDims(labels, -1));          // [N, V], [N, 1] -> [N, 1]
 * @throws ShapeError when the leading axes differ; DTypeError unless the indices are int32.
 */
export function takeAlong(x: Tensor, indices: Tensor): Tensor {
  checkPair('takeAlong', x, indices);
  return single(takeAlongOp([x, indices], {}));
}

/**
 * The transposed map of `takeAlong`: `y[..., v] = sum of g[..., m] over the m with indices[..., m] = v`, for g and indices
 * [..., M]; the result is [..., extent]. Reading it raises ERR_INDEX for an index outside [0, extent).
 *
 * @throws ShapeError unless g and the indices have one shape; DTypeError unless g is a float and the indices int32.
 */
export function takeAlongGrad(g: Tensor, indices: Tensor, extent: number): Tensor {
  checkPair('takeAlongGrad', g, indices);
  if (!sameShape(g.shape, indices.shape)) {
    throw new ShapeError(
      `takeAlongGrad: one index per element expected, got ${formatShape(g.shape)} and ${formatShape(indices.shape)}`,
    );
  }
  if (!isFloat(g.dtype)) throw new DTypeError(`takeAlongGrad: float32 or float64 expected, got ${g.dtype}`);
  if (!Number.isSafeInteger(extent) || extent < 0) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `takeAlongGrad: an extent is a non-negative integer, got ${extent}`,
    );
  }
  return single(takeAlongGradOp([g, indices], { extent }));
}

function checkPair(where: string, x: Tensor, indices: Tensor): void {
  if (indices.dtype !== 'int32')
    throw new DTypeError(`${where}: int32 indices expected, got ${indices.dtype}`);
  if (
    x.shape.length === 0 ||
    !sameShape(x.shape.slice(0, -1), indices.shape.slice(0, -1)) ||
    indices.shape.length === 0
  ) {
    throw new ShapeError(
      `${where}: axes equal but for the last expected, got ${formatShape(x.shape)} and ${formatShape(indices.shape)}`,
    );
  }
}
