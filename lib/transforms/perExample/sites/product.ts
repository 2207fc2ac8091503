import type { ProductSite } from '../../../graph/op';
import { extent } from '../../../graph/shape';
import { productNorms } from '../../../ops/curvature/productNorms';
import { squareSum } from '../../../ops/curvature/squareSum';
import { mul } from '../../../ops/elementwise/arithmetic';
import { matmul } from '../../../ops/products/matmul';
import { sum } from '../../../ops/reduce/sum';
import { flatten, reshape } from '../../../ops/shape/reshape';
import { slice } from '../../../ops/shape/slice';
import { transpose } from '../../../ops/shape/transpose';
import { rowsOf, type SiteKind } from './kind';

/** `dL_n/dS = sum_t left[n, t, :]^T right[n, t, :]` */
export const productKind: SiteKind<ProductSite> = {
  count: ({ left }) => extent(left.shape, 0),
  range: (site, from, to) => ({
    ...site,
    left: rowsOf(site.left, from, to),
    right: rowsOf(site.right, from, to),
  }),
  product: (site) => site,
  materialized: ({ left, right, shape }) =>
    reshape(matmul(transpose(left), right), [extent(left.shape, 0), ...shape]),
  extents: ({ left, right }) => [extent(left.shape, 2), extent(right.shape, 2)],
  steps: ({ left }) => extent(left.shape, 1),
  block: ({ left, right }, from, to) =>
    matmul(transpose(slice(left, { starts: [0, 0, from], stops: [undefined, undefined, to] })), right),
  sumSquares: ({ left, right }) => squareSum(left, right),
  squaredNorms: ({ left, right }) => productNorms(left, right),
  // <l^T r, v> = sum_t <l_t v, r_t>
  dots: ({ left, right }, directions) => {
    const [examples = 0, steps = 0, rows = 0] = left.shape;
    const columns = extent(right.shape, 2);
    const many = extent(directions.shape, 0);
    const turned = matmul(flatten(left, 0, 1), reshape(directions, [many, rows, columns]));
    const terms = mul(reshape(turned, [many, examples, steps, columns]), right);
    return sum(terms, { axis: [2, 3] });
  },
  weightedSums: ({ left, right }, weights) => {
    const [examples = 0, steps = 0, columns = 0] = right.shape;
    const many = extent(weights.shape, 0);
    const scaled = mul(right, reshape(weights, [many, examples, 1, 1]));
    const sums = matmul(transpose(flatten(left, 0, 1)), reshape(scaled, [many, examples * steps, columns]));
    return flatten(sums, 1);
  },
};
