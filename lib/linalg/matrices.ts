import { ShapeError } from '../errors';
import type { ExampleAxis } from '../graph/exampleAxis';
import type { AxisUse } from '../graph/op';
import { extent, formatShape, sizeOf, type Shape } from '../graph/shape';
import type { Spec, Tensor } from '../graph/tensor';
import { agreedAxis } from '../ops/agreedAxis';
import { add, mul } from '../ops/elementwise/arithmetic';
import { checkFloats } from '../ops/floats';
import { matmul } from '../ops/products/matmul';
import { transpose } from '../ops/shape/transpose';

// What the ops of this folder share: batches of matrices [..., m, n].

/** Throws unless x is a float tensor [..., m, n]. */
export function checkMatrix(where: string, x: Spec): void {
  checkFloats(where, x);
  if (x.shape.length < 2) {
    throw new ShapeError(`${where}: matrices [..., m, n] expected, got shape ${formatShape(x.shape)}`);
  }
}

/** Throws unless x is a float tensor [..., n, n]. */
export function checkSquare(where: string, x: Spec): void {
  checkMatrix(where, x);
  if (extent(x.shape, -1) !== extent(x.shape, -2)) {
    throw new ShapeError(`${where}: square matrices [..., n, n] expected, got shape ${formatShape(x.shape)}`);
  }
}

/** The leading axes of matrices. */
export const batchOf = ({ shape }: Spec): Shape => shape.slice(0, -2);

/** The kernels' view: one batch axis, then the last axes, two unless told otherwise. */
export const stacked = ({ shape }: Spec, last = 2): Shape => [
  sizeOf(shape.slice(0, shape.length - last)),
  ...shape.slice(shape.length - last),
];

/** The example axis of an op that treats every matrix of a batch by itself. */
export function batchAxis(use: AxisUse<object>): ExampleAxis {
  const axis = agreedAxis(use);
  const rank = use.inputs[0].shape.length;
  if (axis.axis >= rank - 2) return use.mixes('the examples are rows or columns of its matrices');
  return axis;
}

/** `(M + M^T) / 2`. */
export const symmetricPart = (m: Tensor): Tensor => mul(add(m, transpose(m)), 0.5);

/** `A^T B` and `A B^T`: the products read an operand either way. */
export const productTA = (a: Tensor, b: Tensor): Tensor => matmul(transpose(a), b);
export const productTB = (a: Tensor, b: Tensor): Tensor => matmul(a, transpose(b));
