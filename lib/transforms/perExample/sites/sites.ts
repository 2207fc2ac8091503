import type { GatherSite, ProductSite, Site } from '../../../graph/op';
import { extent, sameShape } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { add } from '../../../ops/elementwise/arithmetic';
import { concat } from '../../../ops/shape/concat';
import { convolutionKind } from './convolution';
import { denseKind } from './dense';
import { gatherKind } from './gather';
import type { SiteKind } from './kind';
import { productKind } from './product';

/** Every kind of site there is. A new one is a file like those beside this, and a line here. */
const KINDS: { readonly [K in Site['kind']]: SiteKind<Extract<Site, { readonly kind: K }>> } = {
  product: productKind,
  convolution: convolutionKind,
  gather: gatherKind,
  dense: denseKind,
};

export const kindOf = (site: Site): SiteKind<Site> => KINDS[site.kind] as SiteKind<Site>;

export const countOf = (site: Site): number => kindOf(site).count(site);
export const examplesOf = (site: Site, from: number, to: number): Site => kindOf(site).range(site, from, to);
export const materialized = (site: Site): Tensor => kindOf(site).materialized(site);
export const asProduct = (site: Site): ProductSite | null => kindOf(site).product?.(site) ?? null;

/** The sum of several uses, dense. */
export const denseTotal = (sites: readonly Site[]): Tensor =>
  sites.map(materialized).reduce((a, b) => add(a, b));

/**
 * Several uses of one parameter as one site, so that they are added before anything is squared: products of equal extents
 * lie end to end along t, and so do picked rows of one table. Null when they do not all factor alike.
 */
export function mergedSite(sites: readonly Site[]): Site | null {
  const [only, ...others] = sites;
  if (only && others.length === 0) return only;
  const gathers = sites.filter((site) => site.kind === 'gather');
  if (gathers.length === sites.length) return joinedGathers(gathers);
  const products = sites.map(asProduct).filter((site) => site !== null);
  const [first] = products;
  if (!first || products.length !== sites.length) return null;
  const features = ({ left, right }: ProductSite): number[] => [
    extent(left.shape, 2),
    extent(right.shape, 2),
  ];
  if (!products.every((site) => sameShape(features(site), features(first)))) return null;
  const left = alongT(products.map((site) => site.left));
  const right = alongT(products.map((site) => site.right));
  return { kind: 'product', left, right, shape: first.shape };
}

function joinedGathers(sites: readonly GatherSite[]): GatherSite | null {
  const [first] = sites;
  if (!first || !sites.every(({ rows }) => rows === first.rows)) return null;
  const indices = alongT(sites.map((site) => site.indices));
  return { ...first, indices, cotangents: alongT(sites.map((site) => site.cotangents)) };
}

const alongT = (tensors: readonly Tensor[]): Tensor => concat(tensors, { axis: 1 });
