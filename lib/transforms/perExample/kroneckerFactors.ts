import { ExampleAxisError } from '../../errors';
import type { ProductSite, Site } from '../../graph/op';
import { extent, formatShape, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { div, ones } from '../../ops/elementwise';
import { matmul } from '../../ops/products/matmul';
import { mean, sum } from '../../ops/reduce';
import { flatten, reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { matrixShape } from './rotate';
import { asProduct, denseTotal, mergedSite } from './sites';

/** How steps that share a weight are counted: each for itself, or added up before (Eschenhagen et al. 2023). */
export type WeightSharing = 'expand' | 'reduce';

/** The two factors of one parameter, sums over examples. */
export interface FactorPair {
  readonly left: Tensor;
  readonly right: Tensor;
}

/** The Kronecker factors of a parameter's Fisher: see `PerExampleGradients.kroneckerFactors`. */
export function kroneckerFactors(sites: readonly Site[], shape: Shape, sharing: WeightSharing): FactorPair {
  const { left, right } = productOf(sites, shape);
  if (sharing === 'reduce') {
    return { left: secondMoment(sum(left, { axis: 1 })), right: secondMoment(mean(right, { axis: 1 })) };
  }
  const steps = extent(right.shape, 1);
  return {
    left: secondMoment(flatten(left, 0, 1)),
    right: div(secondMoment(flatten(right, 0, 1)), steps),
  };
}

/** `sum over rows x of x x^T` */
const secondMoment = (rows: Tensor): Tensor => matmul(transpose(rows), rows);

/** All uses as one product of the parameter's own extents; a vector is its whole gradient times one. */
function productOf(sites: readonly Site[], shape: Shape): Pick<ProductSite, 'left' | 'right'> {
  const [rows, columns] = matrixShape(shape);
  if (columns === 1) {
    const total = denseTotal(sites);
    const count = extent(total.shape, 0);
    return { left: reshape(total, [count, 1, rows]), right: ones([count, 1, 1], total.dtype) };
  }
  const merged = sites.some(({ kind }) => kind === 'gather') ? null : mergedSite(sites);
  const product = merged && asProduct(merged);
  if (product && extent(product.left.shape, 2) === rows && extent(product.right.shape, 2) === columns)
    return product;
  throw new ExampleAxisError(
    `kroneckerFactors: the gradient of a parameter ${formatShape(shape)} is no sum of products over its first and its ` +
      'other axes (a table that rows are picked from has a factor as large as the table squared); leave it out, or take ' +
      'sumSquares for it',
  );
}
