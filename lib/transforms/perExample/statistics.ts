import type { Site } from '../../graph/op';
import { extent, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, square } from '../../ops/elementwise/arithmetic';
import { abs } from '../../ops/elementwise/math';
import { sum } from '../../ops/reduce/sum';
import { concat } from '../../ops/shape/concat';
import { reshape } from '../../ops/shape/reshape';
import { dotsByBlocks, weightedSumsByBlocks } from './manyDirections';
import {
  countOf,
  denseTotal,
  examplesOf,
  flatRows,
  kindOf,
  materialized,
  mergedSite,
  tiedSites,
  tiedSquaredNorms,
  tiedSumSquares,
} from './sites';

/** Per-example gradients that have to be stored are stored this many numbers at a time. */
const CHUNK_ELEMENTS = 1 << 24;

/** `sum_n (dL_n/dtheta)^2`, elementwise; the uses of a parameter are added before squaring. */
export function sumSquares(sites: readonly Site[], shape: Shape): Tensor {
  const tied = tiedSites(sites);
  if (tied) return reshape(tiedSumSquares(tied), shape);
  const site = mergedSite(sites);
  const factored = site && kindOf(site).sumSquares?.(site);
  if (factored) return reshape(factored, shape);
  return chunked(sites, shape, (part) => sum(square(denseTotal(part)), { axis: 0 })).reduce(sumOf);
}

/** `sum_n |dL_n/dtheta|`, elementwise. */
export function sumAbsolute(sites: readonly Site[], shape: Shape): Tensor {
  return chunked(sites, shape, (part) => sum(abs(denseTotal(part)), { axis: 0 })).reduce(sumOf);
}

/** `|dL_n/dtheta|^2` for every example, [N]. */
export function squaredNorms(sites: readonly Site[], shape: Shape): Tensor {
  const tied = tiedSites(sites);
  if (tied) return tiedSquaredNorms(tied);
  const site = mergedSite(sites);
  const factored = site && kindOf(site).squaredNorms?.(site);
  if (factored) return factored;
  const norms = (part: readonly Site[]): Tensor => sum(square(flatRows(denseTotal(part))), { axis: 1 });
  return concat(chunked(sites, shape, norms), { axis: 0 });
}

/** `<dL_n/dtheta, v_k>` for directions [K, ...shape], [K, N]; the uses of a parameter add up. */
export function dots(sites: readonly Site[], directions: Tensor): Tensor {
  return sites
    .map((site) => dotsByBlocks(site, directions) ?? kindOf(site).dots(site, directions))
    .reduce(sumOf);
}

/** `sum_n w_kn dL_n/dtheta` for weights [K, N], [K, ...shape]; the uses of a parameter add up. */
export function weightedSums(sites: readonly Site[], weights: Tensor, shape: Shape): Tensor {
  const sums = sites
    .map((site) => weightedSumsByBlocks(site, weights) ?? kindOf(site).weightedSums(site, weights))
    .reduce(sumOf);
  return reshape(sums, [extent(weights.shape, 0), ...shape]);
}

/** The gradients of all examples, [N, ...shape]. */
export function materialize(sites: readonly Site[]): Tensor {
  return sites.map(materialized).reduce(sumOf);
}

const sumOf = (a: Tensor, b: Tensor): Tensor => add(a, b);

/** A statistic of stored gradients, a bounded number of examples at a time. */
function chunked(
  sites: readonly Site[],
  shape: Shape,
  statistic: (part: readonly Site[]) => Tensor,
): Tensor[] {
  const count = countOf(sites[0] as Site);
  const step = Math.max(1, Math.floor(CHUNK_ELEMENTS / Math.max(1, sizeOf(shape))));
  return Array.from({ length: Math.ceil(count / step) }, (_, chunk) => {
    const [from, to] = [chunk * step, Math.min(count, (chunk + 1) * step)];
    return statistic(sites.map((site) => examplesOf(site, from, to)));
  });
}
