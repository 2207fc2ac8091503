import type { ProductSite, Site } from '../../../graph/op';
import { extent, sizeOf } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { reshape } from '../../../ops/shape/reshape';
import { slice } from '../../../ops/shape/slice';

/**
 * What is done with a kind of site. Statistics that are linear in the gradient add up over the sites of a parameter; those
 * of squares come in factored form for a single site and, where `product` gives factors, for several.
 */
export interface SiteKind<S extends Site> {
  /** How many examples a site covers. */
  readonly count: (site: S) => number;
  /** The same site for the examples from `from` to `to` only. */
  readonly range: (site: S, from: number, to: number) => S;
  /** The gradients of all examples, [N, ...shape]. */
  readonly materialized: (site: S) => Tensor;
  /** The site as a product, so that several uses of a parameter can be merged; absent or null when it has no factors. */
  readonly product?: (site: S) => ProductSite | null;
  /** Rows and columns of the matrix that the gradient is a sum of products in; absent when it has no factors. */
  readonly extents?: (site: S) => readonly [rows: number, columns: number];
  /** How many products are added up for an example; absent where `dots` costs next to nothing. */
  readonly steps?: (site: S) => number;
  /** The gradients of all examples, rows `from` to `to` of that matrix only: [N, to - from, columns]. */
  readonly block?: (site: S, from: number, to: number) => Tensor;
  /** `sum_n (dL_n/dS)^2`, elementwise, of the size of S; absent when gradients have to be stored. */
  readonly sumSquares?: (site: S) => Tensor;
  /** `|dL_n/dS|^2`, [N]; absent when gradients have to be stored. */
  readonly squaredNorms?: (site: S) => Tensor;
  /** `<dL_n/dS, v_k>` for directions [K, ...shape]; [K, N]. */
  readonly dots: (site: S, directions: Tensor) => Tensor;
  /** `sum_n w_kn dL_n/dS` for weights [K, N]; [K, size of S]. */
  readonly weightedSums: (site: S, weights: Tensor) => Tensor;
}

/** The rows of examples from `from` to `to`. */
export const rowsOf = (x: Tensor, from: number, to: number): Tensor =>
  from === 0 && to === extent(x.shape, 0) ? x : slice(x, { starts: [from], stops: [to] });

/** One row per entry of the first axis. */
export const flatRows = (x: Tensor): Tensor => reshape(x, [extent(x.shape, 0), sizeOf(x.shape.slice(1))]);
