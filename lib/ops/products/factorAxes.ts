import type { ProductSite } from '../../graph/op';
import { extent, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { reshape } from '../shape/reshape';

/** What to do with a factor [examples, t, ...the extents of some axes]. */
export type FactorMap = (factor: Tensor, axes: readonly number[]) => Tensor;

/**
 * A map that treats every axis of a parameter by itself (a slice, a padding), applied to a product site: `dS` read as
 * `site.shape` has its leading axes in the left factor and the others in the right one, so each factor takes its share of
 * the map. `to` is the shape that comes out. Null when an axis is spread over both factors.
 */
export function mapFactors(site: ProductSite, to: Shape, map: FactorMap): ProductSite | null {
  const { shape } = site;
  const rows = extent(site.left.shape, 2);
  const columns = extent(site.right.shape, 2);
  const border = [...shape.keys(), shape.length].find(
    (axis) => sizeOf(shape.slice(0, axis)) === rows && sizeOf(shape.slice(axis)) === columns,
  );
  if (border === undefined) return null;
  const side = (factor: Tensor, axes: readonly number[]): Tensor => {
    const [examples = 0, t = 0] = factor.shape;
    const open = reshape(factor, [examples, t, ...axes.map((axis) => extent(shape, axis))]);
    return reshape(map(open, axes), [examples, t, sizeOf(axes.map((axis) => extent(to, axis)))]);
  };
  const axes = [...shape.keys()];
  const left = side(site.left, axes.slice(0, border));
  const right = side(site.right, axes.slice(border));
  return { kind: 'product', left, right, shape: to };
}
