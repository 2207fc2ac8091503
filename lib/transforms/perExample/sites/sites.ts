import type { ProductSite, Site } from '../../../graph/op';
import { extent, sameShape } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { add } from '../../../ops/elementwise/arithmetic';
import { concat } from '../../../ops/shape/concat';
import { convolutionKind } from './convolution';
import { denseKind } from './dense';
import type { SiteKind } from './kind';
import { productKind } from './product';

/** Every kind of site there is. A new one is a file like those beside this, and a line here. */
const KINDS: { readonly [K in Site['kind']]: SiteKind<Extract<Site, { readonly kind: K }>> } = {
  product: productKind,
  convolution: convolutionKind,
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
 * lie end to end along t. Null when they do not all factor alike.
 */
export function mergedSite(sites: readonly Site[]): Site | null {
  const [only, ...others] = sites;
  if (only && others.length === 0) return only;
  const products = sites.map(asProduct).filter((site) => site !== null);
  const [first] = products;
  if (!first || products.length !== sites.length) return null;
  const features = ({ left, right }: ProductSite): number[] => [
    extent(left.shape, 2),
    extent(right.shape, 2),
  ];
  if (!products.every((site) => sameShape(features(site), features(first)))) return null;
  const joined = (side: 'left' | 'right'): Tensor =>
    concat(
      products.map((site) => site[side]),
      { axis: 1 },
    );
  return { kind: 'product', left: joined('left'), right: joined('right'), shape: first.shape };
}
