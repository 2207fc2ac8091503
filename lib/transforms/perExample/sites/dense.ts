import type { DenseSite } from '../../../graph/op';
import { extent } from '../../../graph/shape';
import { matmul } from '../../../ops/products/matmul';
import { transpose } from '../../../ops/shape/transpose';
import { flatRows, rowsOf, type SiteKind } from './kind';

/** `values[n] = dL_n/dS`: stored as they are, for parameters that are small or whose factors were lost on the way. */
export const denseKind: SiteKind<DenseSite> = {
  count: ({ values }) => extent(values.shape, 0),
  range: ({ values }, from, to) => ({ kind: 'dense', values: rowsOf(values, from, to) }),
  materialized: ({ values }) => values,
  dots: ({ values }, directions) => matmul(flatRows(directions), transpose(flatRows(values))),
  weightedSums: ({ values }, weights) => matmul(weights, flatRows(values)),
};
