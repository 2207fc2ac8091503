import { DTypeError, ShapeError } from '../../errors';
import { sameExampleAxis, type ExampleAxis } from '../../graph/exampleAxis';
import type { AxisUse } from '../../graph/op';
import { extent, formatShape, normalizeAxis, sameShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { broadcastTo } from '../reduce/sum';

// Indices of their own along one axis, as takeAlong and scatterSet have them.

/** The axis along which indices count. */
export interface Along {
  readonly axis: number;
}

/** The kernels' view: what lies before the axis, the axis, what lies behind. */
export const around = ({ shape }: Spec, axis: number): Shape => [
  sizeOf(shape.slice(0, axis)),
  extent(shape, axis),
  sizeOf(shape.slice(axis + 1)),
];

export const aroundEach =
  (axis: number) =>
  (specs: readonly Spec[]): Shape[] =>
    specs.map((spec) => around(spec, axis));

/**
 * Checks indices along an axis of a table: of the table's shape but for the extent of the axis; the axes behind it
 * may all be 1, for an index per row. Returns the axis, and the shape of what they pick.
 */
export function checkAlong(
  where: string,
  table: Spec,
  indices: Spec,
  axis: number,
): { readonly axis: number; readonly picked: Shape } {
  const at = normalizeAxis(where, axis, table.shape.length);
  const [own, given] = [table.shape, indices.shape];
  const behind = given.slice(at + 1);
  const fits =
    given.length === own.length &&
    sameShape(given.slice(0, at), own.slice(0, at)) &&
    (sameShape(behind, own.slice(at + 1)) || behind.every((n) => n === 1));
  if (!fits) {
    throw new ShapeError(
      `${where}: the leading axes must agree, and those behind axis ${at} agree or be 1, got ` +
        `${formatShape(own)} and ${formatShape(given)}`,
    );
  }
  return { axis: at, picked: [...given.slice(0, at + 1), ...own.slice(at + 1)] };
}

/** Checks values for places along an axis; what they lack in axes of extent 1 is repeated. */
export function checkValues(
  where: string,
  x: Tensor,
  indices: Tensor,
  values: Tensor,
  axis: number,
): { readonly at: number; readonly full: Tensor } {
  const { axis: at, picked } = checkAlong(where, x, indices, axis);
  if (values.dtype !== x.dtype)
    throw new DTypeError(`${where}: ${x.dtype} values expected, got ${values.dtype}; use cast`);
  return { at, full: sameShape(values.shape, picked) ? values : broadcastTo(values, picked) };
}

/** Rows stay with their examples. An operand that all examples share lines up with them row by row. */
export function sameRow({ first, axes, attributes: { axis }, mixes }: AxisUse<Along>): ExampleAxis {
  if (first.axis === axis) return mixes('it picks along the example axis');
  const agree = axes.every((own) => own === null || sameExampleAxis(own, first));
  return agree ? first : mixes('its inputs have the examples in different places');
}
