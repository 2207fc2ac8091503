import type { ExampleAxis } from '../../graph/exampleAxis';
import type { AxisUse } from '../../graph/op';
import { extent, normalizeAxis, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { moveAxis } from '../shape/transpose';

/** The kernels' view: [rows, n], where n is the last axis. */
export const rowsOf = ({ shape }: Spec): Shape => [sizeOf(shape.slice(0, -1)), extent(shape, -1)];

export const asRows = (
  inputs: readonly Spec[],
  outputs: readonly Spec[],
): { readonly inputs: readonly Shape[]; readonly outputs: readonly Shape[] } => ({
  inputs: inputs.map(rowsOf),
  outputs: outputs.map(rowsOf),
});

/** A row belongs to one example. */
export function sameRow<A>({ first, inputs: [x], mixes }: AxisUse<A>): ExampleAxis {
  return first.axis < x.shape.length - 1 ? first : mixes('it compares examples with each other');
}

/** Does something along the last axis of a tensor whose axis may be another one. */
export function alongLast(where: string, x: Tensor, axis: number, f: (rows: Tensor) => Tensor): Tensor {
  const at = normalizeAxis(where, axis, x.shape.length);
  return moveAxis(f(moveAxis(x, at, -1)), -1, at);
}
