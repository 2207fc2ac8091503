import type { GatherSite } from '../../../graph/op';
import { extent } from '../../../graph/shape';
import { gatherNorms, gatherSquareSum } from '../../../ops/curvature/gatherSums';
import { greaterEqual, less, logicalAnd, mul, sub, where } from '../../../ops/elementwise';
import { oneHot } from '../../../ops/indexing/oneHot';
import { addRows, take, takeGrad } from '../../../ops/indexing/take';
import { sum } from '../../../ops/reduce/sum';
import { flatten, reshape } from '../../../ops/shape/reshape';
import { slice } from '../../../ops/shape/slice';
import { rowsOf, type SiteKind } from './kind';

/** Rows picked of a table: `dL_n/dS[v, :] = sum over t with indices[n, t] = v of cotangents[n, t, :]`. */
export const gatherKind: SiteKind<GatherSite> = {
  count: ({ indices }) => extent(indices.shape, 0),
  range: (site, from, to) => ({
    ...site,
    indices: rowsOf(site.indices, from, to),
    cotangents: rowsOf(site.cotangents, from, to),
  }),
  // A one at the place of the index beside the cotangent: exact, and as wide as the table is long.
  product: ({ indices, cotangents, rows, shape }) => ({
    kind: 'product',
    left: oneHot(indices, rows, { dtype: cotangents.dtype }),
    right: cotangents,
    shape,
  }),
  materialized: ({ indices, cotangents, rows, shape }) =>
    reshape(addRows(cotangents, indices, rows), [extent(indices.shape, 0), ...shape]),
  extents: ({ cotangents, rows }) => [rows, extent(cotangents.shape, 2)],
  block: ({ indices, cotangents }, from, to) => {
    // Picks of other rows fall on one more, which is left out.
    const isWithin = logicalAnd(greaterEqual(indices, from), less(indices, to));
    const own = where(isWithin, sub(indices, from), to - from);
    return slice(addRows(cotangents, own, to - from + 1), { stops: [undefined, to - from] });
  },
  sumSquares: ({ indices, cotangents, rows }) => gatherSquareSum(indices, cotangents, rows),
  squaredNorms: ({ indices, cotangents, rows }) => gatherNorms(indices, cotangents, rows),
  // <E_n, v> = sum_t <v[indices[n, t], :], g[n, t, :]>
  dots: ({ indices, cotangents, rows }, directions) => {
    const tables = reshape(directions, [extent(directions.shape, 0), rows, extent(cotangents.shape, 2)]);
    return sum(mul(take(tables, indices, { axis: 1 }), cotangents), { axis: [2, 3] });
  },
  weightedSums: ({ indices, cotangents, rows }, weights) => {
    const many = extent(weights.shape, 0);
    const scaled = mul(cotangents, reshape(weights, [many, extent(indices.shape, 0), 1, 1]));
    return flatten(takeGrad(scaled, indices, rows, { axis: 1 }), 1);
  },
};
