import type { GatherSite, ProductSite, Site } from '../../../graph/op';
import { extent } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { gatherNorms, gatherSquareSum } from '../../../ops/curvature/gatherSums';
import { productNorms } from '../../../ops/curvature/productNorms';
import { squareSum } from '../../../ops/curvature/squareSum';
import { add, maximum, mul } from '../../../ops/elementwise/arithmetic';
import { takeAlong } from '../../../ops/indexing/takeAlong';
import { takeGrad } from '../../../ops/indexing/take';
import { matmul } from '../../../ops/products/matmul';
import { broadcastTo, sum } from '../../../ops/reduce/sum';
import { expandDims } from '../../../ops/shape/reshape';
import { transpose } from '../../../ops/shape/transpose';
import { mergedSite } from './sites';

// A table that is also a weight, as embeddings tied to the output are. Its gradient is P_n + E_n, of a product P and of
// picked rows E; a square of the sum needs P at the picked rows only, so that neither becomes as wide as the table.

/** The uses of one parameter, added up by kind: both describe a matrix of the same rows and columns. */
export interface TiedSites {
  readonly product: ProductSite;
  readonly gather: GatherSite;
}

/** The two kinds of use of a tied table; null when there are others, or one only, or their matrices differ. */
export function tiedSites(sites: readonly Site[]): TiedSites | null {
  const gathers = sites.filter((site) => site.kind === 'gather');
  if (gathers.length === 0 || gathers.length === sites.length) return null;
  const gather = mergedSite(gathers);
  const product = mergedSite(sites.filter((site) => site.kind !== 'gather'));
  if (gather?.kind !== 'gather' || product?.kind !== 'product') return null;
  const agree =
    extent(product.left.shape, 2) === gather.rows &&
    extent(product.right.shape, 2) === extent(gather.cotangents.shape, 2);
  return agree ? { product, gather } : null;
}

/** `sum_n (P_n + E_n)^2 = sum_n P_n^2 + E_n^2 + 2 P_n E_n`, which rounding may not make negative. */
export function tiedSumSquares({ product, gather }: TiedSites): Tensor {
  const terms = mul(pickedRows(product, gather), gather.cotangents);
  const both = takeGrad(terms, gather.indices, gather.rows);
  return total(
    squareSum(product.left, product.right),
    gatherSquareSum(gather.indices, gather.cotangents, gather.rows),
    both,
  );
}

/** `|P_n + E_n|^2 = |P_n|^2 + |E_n|^2 + 2 <P_n, E_n>`, [N]. */
export function tiedSquaredNorms({ product, gather }: TiedSites): Tensor {
  const both = sum(mul(pickedRows(product, gather), gather.cotangents), { axis: [1, 2] });
  return total(
    productNorms(product.left, product.right),
    gatherNorms(gather.indices, gather.cotangents, gather.rows),
    both,
  );
}

const total = (product: Tensor, gather: Tensor, both: Tensor): Tensor =>
  maximum(add(add(product, gather), mul(both, 2)), 0);

/** The rows of P that are picked, `y[n, s, :] = sum_t left[n, t, indices[n, s]] right[n, t, :]`; [N, S, D]. */
function pickedRows({ left, right }: ProductSite, { indices }: GatherSite): Tensor {
  const [examples = 0, steps = 0] = left.shape;
  const everyStep = broadcastTo(expandDims(indices, 1), [examples, steps, extent(indices.shape, 1)]);
  return matmul(transpose(takeAlong(left, everyStep)), right);
}
