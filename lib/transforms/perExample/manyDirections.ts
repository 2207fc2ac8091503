import type { Site } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { concat } from '../../ops/shape/concat';
import { flatten, reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { transpose } from '../../ops/shape/transpose';
import { countOf, kindOf } from './sites';

// Products of per-example gradients with K directions, and K weighted sums of them. In factors each costs K plain products, T steps
// long. Writing gradients down, a bounded number of rows at a time, costs one, and then K products of one step each: less when
// K T > T + K.

/** Numbers that are stored at a time, unless a caller says so. */
const CHUNK_ELEMENTS = 1 << 24;

/** Rows of the gradients of a site, one block after the other: [N, rows columns] each, with the rows it has. */
function blocksOf(site: Site, stored: number): { from: number; to: number; gradients: Tensor }[] | null {
  const { extents, block } = kindOf(site);
  if (!extents || !block) return null;
  const [rows, columns] = extents(site);
  const most = Math.max(1, Math.floor(stored / Math.max(1, columns * countOf(site))));
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => {
    const [from, to] = [i * most, Math.min(rows, (i + 1) * most)];
    return { from, to, gradients: flatten(block(site, from, to), 1) };
  });
}

function isCheaper(site: Site, many: number): boolean {
  const steps = kindOf(site).steps?.(site);
  return steps !== undefined && many * steps > steps + many;
}

/** `<dL_n/dS, v_k>`, [K, N]; null where factors are cheaper. */
export function dotsByBlocks(site: Site, directions: Tensor, stored = CHUNK_ELEMENTS): Tensor | null {
  const many = extent(directions.shape, 0);
  const blocks = isCheaper(site, many) ? blocksOf(site, stored) : null;
  if (!blocks || blocks.length === 0) return null;
  const [rows = 0, columns = 0] = kindOf(site).extents?.(site) ?? [];
  const matrices = reshape(directions, [many, rows, columns]);
  const parts = blocks.map(({ from, to, gradients }) => {
    const own = flatten(slice(matrices, { starts: [0, from], stops: [many, to] }), 1);
    return matmul(own, transpose(gradients));
  });
  return parts.reduce((total, part) => add(total, part));
}

/** `sum_n w_kn dL_n/dS`, [K, size of S]; null where factors are cheaper. */
export function weightedSumsByBlocks(site: Site, weights: Tensor, stored = CHUNK_ELEMENTS): Tensor | null {
  const blocks = isCheaper(site, extent(weights.shape, 0)) ? blocksOf(site, stored) : null;
  if (!blocks || blocks.length === 0) return null;
  return concat(
    blocks.map(({ gradients }) => matmul(weights, gradients)),
    { axis: 1 },
  );
}
