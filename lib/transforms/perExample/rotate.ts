import type { Site } from '../../graph/op';
import { extent, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { take } from '../../ops/indexing/take';
import { matmul } from '../../ops/products/matmul';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { asProduct, countOf, materialized } from './sites';

/** A parameter read as a matrix: its first axis by all others; a vector is one column. */
export const matrixShape = (shape: Shape): readonly [rows: number, columns: number] => [
  shape[0] ?? 1,
  shape.slice(1).reduce((product, extent) => product * extent, 1),
];

/**
 * The site of `left^T dL_n/dS right`, for S read as a matrix. Linear, so the uses of a parameter are turned one by one:
 * in factors, `(l left)^T (r right)`, wherever there are any of these extents.
 */
export function rotated(site: Site, shape: Shape, left: Tensor | null, right: Tensor | null): Site {
  const [rows, columns] = matrixShape(shape);
  const turned: Shape = [left ? extent(left.shape, 1) : rows, right ? extent(right.shape, 1) : columns];
  if (site.kind === 'gather' && site.rows === rows) {
    const entered = right ? matmul(site.cotangents, right) : site.cotangents;
    return left
      ? { kind: 'product', left: take(left, site.indices), right: entered, shape: turned }
      : { ...site, cotangents: entered, shape: turned };
  }
  const product = asProduct(site);
  if (product && extent(product.left.shape, 2) === rows && extent(product.right.shape, 2) === columns) {
    return {
      kind: 'product',
      left: left ? matmul(product.left, left) : product.left,
      right: right ? matmul(product.right, right) : product.right,
      shape: turned,
    };
  }
  const whole = reshape(materialized(site), [countOf(site), rows, columns]);
  const below = left ? matmul(transpose(left), whole) : whole;
  return { kind: 'dense', values: right ? matmul(below, right) : below };
}
