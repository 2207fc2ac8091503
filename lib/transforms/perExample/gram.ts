import type { GatherSite, ProductSite, Site } from '../../graph/op';
import { extent, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, cast, equal, mul } from '../../ops/elementwise';
import { take } from '../../ops/indexing/take';
import { matmul } from '../../ops/products/matmul';
import { sum } from '../../ops/reduce/sum';
import { concat } from '../../ops/shape/concat';
import { expandDims, flatten, reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { transpose } from '../../ops/shape/transpose';
import { asProduct, countOf, examplesOf, kindOf, materialized } from './sites';

// Inner products of the gradients of two batches with respect to one parameter, [N, M]. There are two ways, and the
// cheaper one is taken:
//
//   by steps    <dL_n, dL_m> = sum over sites s, r and steps t, u of <left_s[n, t], left_r[m, u]> <right_s[n, t], right_r[m, u]>
//   by blocks   rows of the gradients, a bounded number at a time: G += X X'^T
//
// Steps win where there are few of them (a dense layer without sequence: the product of two Gram matrices), blocks where
// sequences are long. Both stay below the memory of one gradient per example.

/** Numbers that are stored at a time, unless a caller says so. */
const CHUNK_ELEMENTS = 1 << 24;

/** A site in two factors: a product, or picked rows, whose left factors are ones that are never written down. */
export type Factored = ProductSite | GatherSite;

/** `<dL_n/dtheta, dL'_m/dtheta>` over the uses of one parameter, [N, M]. */
export function gram(sites: readonly Site[], others: readonly Site[], shape: Shape): Tensor {
  const [ours, theirs] = [sites, others].map((list) => list.map(factored)) as [
    (Factored | null)[],
    (Factored | null)[],
  ];
  const [left, right] = [ours, theirs].map((list) => list.filter((site) => site !== null)) as [
    Factored[],
    Factored[],
  ];
  const isFactored = left.length === ours.length && right.length === theirs.length;
  return isFactored && costBySteps(left, right) < costByBlocks(left, right, sizeOf(shape))
    ? bySteps(left, right)
    : byBlocks(sites, others, shape);
}

const factored = (site: Site): Factored | null => (site.kind === 'gather' ? site : asProduct(site));

/** Rows of all examples, [N T, features] and how many there are of each. */
const rightOf = (site: Factored): Tensor => (site.kind === 'gather' ? site.cotangents : site.right);
const stepsOf = (site: Factored): number => extent(rightOf(site).shape, 1);
const widthOf = (site: Factored): number => (site.kind === 'gather' ? 1 : extent(site.left.shape, 2));
const rowsOf = (site: Factored): number => countOf(site) * stepsOf(site);

function costBySteps(ours: readonly Factored[], theirs: readonly Factored[]): number {
  const ofPair = (a: Factored, b: Factored): number =>
    rowsOf(a) * rowsOf(b) * (Math.min(widthOf(a), widthOf(b)) + extent(rightOf(a).shape, 2));
  return ours.reduce((total, a) => total + theirs.reduce((part, b) => part + ofPair(a, b), 0), 0);
}

function costByBlocks(ours: readonly Factored[], theirs: readonly Factored[], size: number): number {
  const [first, second] = [ours[0], theirs[0]];
  const making = [...ours, ...theirs].reduce(
    (total, site) => total + (site.kind === 'gather' ? 1 : rowsOf(site)),
    0,
  );
  return size * (making + (first ? countOf(first) : 0) * (second ? countOf(second) : 0));
}

export function bySteps(
  ours: readonly Factored[],
  theirs: readonly Factored[],
  stored = CHUNK_ELEMENTS,
): Tensor {
  return ours
    .flatMap((a) => theirs.map((b) => pairBySteps(a, b, stored)))
    .reduce((total, part) => add(total, part));
}

/** One pair of sites, a bounded number of examples at a time. */
function pairBySteps(a: Factored, b: Factored, stored: number): Tensor {
  const count = countOf(a);
  const most = Math.max(1, Math.floor(stored / Math.max(1, stepsOf(a) * rowsOf(b))));
  const parts = Array.from({ length: Math.ceil(count / most) }, (_, i) =>
    steps(examplesOf(a, i * most, Math.min(count, (i + 1) * most)) as Factored, b),
  );
  return concat(parts);
}

function steps(a: Factored, b: Factored): Tensor {
  const rights = matmul(flatten(rightOf(a), 0, 1), transpose(flatten(rightOf(b), 0, 1)));
  const terms = mul(leftProducts(a, b), rights);
  return sum(reshape(terms, [countOf(a), stepsOf(a), countOf(b), stepsOf(b)]), { axis: [1, 3] });
}

/** `<left_a[n, t], left_b[m, u]>`, [N T, M U]. */
function leftProducts(a: Factored, b: Factored): Tensor {
  if (a.kind === 'gather' && b.kind === 'gather') {
    const [picks, others] = [flatten(a.indices, 0, 1), flatten(b.indices, 0, 1)];
    return cast(equal(expandDims(picks, 1), expandDims(others, 0)), a.cotangents.dtype);
  }
  if (b.kind === 'gather')
    return take(flatten((a as ProductSite).left, 0, 1), flatten(b.indices, 0, 1), { axis: 1 });
  if (a.kind === 'gather') return transpose(leftProducts(b, a));
  return matmul(flatten(a.left, 0, 1), transpose(flatten(b.left, 0, 1)));
}

export function byBlocks(
  sites: readonly Site[],
  others: readonly Site[],
  shape: Shape,
  stored = CHUNK_ELEMENTS,
): Tensor {
  const [rows, columns] = matrixOf([...sites, ...others], shape);
  const count = Math.max(countOf(sites[0] as Site), countOf(others[0] as Site));
  const most = Math.max(1, Math.floor(stored / Math.max(1, columns * count)));
  const blocks = Array.from({ length: Math.ceil(rows / most) }, (_, i) => {
    const [from, to] = [i * most, Math.min(rows, (i + 1) * most)];
    const left = blockOf(sites, [rows, columns], from, to);
    const right = others === sites ? left : blockOf(others, [rows, columns], from, to);
    return matmul(left, transpose(right));
  });
  return blocks.reduce((total, part) => add(total, part));
}

/** Rows and columns of the first site that has factors: blocks of the others are taken of the same matrix. */
function matrixOf(sites: readonly Site[], shape: Shape): readonly [number, number] {
  for (const site of sites) {
    const extents = kindOf(site).extents?.(site);
    if (extents) return extents;
  }
  return [sizeOf(shape), 1];
}

/** Rows `from` to `to` of every example's gradient, flat: [N, (to - from) columns]. */
function blockOf(
  sites: readonly Site[],
  [rows, columns]: readonly [number, number],
  from: number,
  to: number,
): Tensor {
  const parts = sites.map((site) => {
    const { extents, block } = kindOf(site);
    if (block && extents?.(site)[0] === rows) return block(site, from, to);
    const whole = reshape(materialized(site), [countOf(site), rows, columns]);
    return slice(whole, { starts: [0, from], stops: [undefined, to] });
  });
  return flatten(
    parts.reduce((total, part) => add(total, part)),
    1,
  );
}
