import { several, type ConvolutionSite, type ProductSite, type Site } from '../../graph/op';
import { extent, sameShape } from '../../graph/shape';
import type { Node, Tensor } from '../../graph/tensor';
import { concat } from '../../ops/shape/concat';
import { add, zerosLike } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { flatten, reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { transpose } from '../../ops/shape/transpose';
import { unfold } from '../../ops/networks/unfold';
import { reverse } from '../pullback';

/** How many examples a site covers. */
export const exampleCount = (site: Site): number => {
  switch (site.kind) {
    case 'product':
      return extent(site.left.shape, 0);
    case 'convolution':
      return extent(site.images.shape, 0);
    case 'dense':
      return extent(site.values.shape, 0);
  }
};

const range = (x: Tensor, from: number, to: number): Tensor =>
  from === 0 && to === extent(x.shape, 0) ? x : slice(x, { starts: [from], stops: [to] });

/** The same site for the examples from `from` to `to` only. */
export function examplesOf(site: Site, from: number, to: number): Site {
  switch (site.kind) {
    case 'product':
      return { ...site, left: range(site.left, from, to), right: range(site.right, from, to) };
    case 'convolution':
      return { ...site, images: range(site.images, from, to), cotangent: range(site.cotangent, from, to) };
    case 'dense':
      return { kind: 'dense', values: range(site.values, from, to) };
  }
}

/** A convolution as a product: the cotangent at every position with the patch under it. */
export function asProduct({ images, cotangent, geometry, shape }: ConvolutionSite): ProductSite {
  const kernel = [extent(shape, 2), extent(shape, 3)] as const;
  return {
    kind: 'product',
    left: transpose(flatten(cotangent, 2), [0, 2, 1]),
    right: unfold(images, { ...geometry, kernel }),
    shape,
  };
}

/** The per-example gradients themselves, [N, ...shape]. */
export function materialized(site: Site): Tensor {
  if (site.kind === 'dense') return site.values;
  const { left, right, shape } = site.kind === 'product' ? site : asProduct(site);
  return reshape(matmul(transpose(left), right), [extent(left.shape, 0), ...shape]);
}

/**
 * Several uses of one parameter as one site, so that they are added before anything is squared: products of equal extents
 * lie end to end along t. Null when they do not all factor alike.
 */
export function mergedProduct(sites: readonly Site[]): ProductSite | ConvolutionSite | null {
  const [only] = sites;
  if (sites.length === 1 && only && only.kind !== 'dense') return only;
  const products = sites.flatMap((site) =>
    site.kind === 'product' ? [site] : site.kind === 'convolution' ? [asProduct(site)] : [],
  );
  const [first] = products;
  if (!first || products.length !== sites.length) return null;
  const features = ({ left, right }: ProductSite): number[] => [
    extent(left.shape, 2),
    extent(right.shape, 2),
  ];
  if (!products.every((site) => sameShape(features(site), features(first)))) return null;
  return {
    kind: 'product',
    left: concat(
      products.map((site) => site.left),
      { axis: 1 },
    ),
    right: concat(
      products.map((site) => site.right),
      { axis: 1 },
    ),
    shape: first.shape,
  };
}

/** The sum of several uses, dense. */
export const denseTotal = (sites: readonly Site[]): Tensor =>
  sites.map((site) => materialized(site)).reduce((total, values) => add(total, values));

/**
 * The way back through an op that keeps no structure: its reverse rule for one example at a time. Slow and right; ops
 * that are met often have a rule of their own.
 */
export function unrolled(node: Node, output: number, which: number, values: Tensor): Site {
  const wanted = node.inputs.map((_, i) => i === which);
  const rows = Array.from({ length: extent(values.shape, 0) }, (_, n) => {
    const one = reshape(range(values, n, n + 1), values.shape.slice(1));
    const cotangents = node.outputs.map((other, o) => (o === output ? one : zerosLike(other)));
    const input = several(node.inputs)[which] as Tensor;
    return reshape(reverse(node, cotangents, wanted)[which] ?? zerosLike(input), [1, ...input.shape]);
  });
  return { kind: 'dense', values: concat(rows, { axis: 0 }) };
}
