import type { Site } from '../../graph/op';
import { extent, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { concat } from '../../ops/shape/concat';
import { conv2d, conv2dWeightGrad } from '../../ops/networks/conv2d';
import { add, mul, square } from '../../ops/elementwise/arithmetic';
import { abs } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { productNorms, productNormsConvolution } from '../../ops/curvature/productNorms';
import { flatten, reshape } from '../../ops/shape/reshape';
import { squareSum, squareSumConvolution } from '../../ops/curvature/squareSum';
import { sum } from '../../ops/reduce/sum';
import { transpose } from '../../ops/shape/transpose';
import { denseTotal, exampleCount, examplesOf, materialized, mergedProduct } from './site';

/** Per-example gradients that have to be stored are stored this many numbers at a time. */
const CHUNK_ELEMENTS = 1 << 24;

/** `sum_n (dL_n/dtheta)^2`, elementwise; the uses of a parameter are added before squaring. */
export function sumSquares(sites: readonly Site[], shape: Shape): Tensor {
  const site = mergedProduct(sites);
  if (site?.kind === 'product') return reshape(squareSum(site.left, site.right), shape);
  if (site)
    return squareSumConvolution(site.images, site.cotangent, {
      ...site.geometry,
      kernel: kernelOf(site.shape),
    });
  return chunked(sites, shape, (part) => sum(square(denseTotal(part)), { axis: 0 })).reduce(add);
}

/** `sum_n |dL_n/dtheta|`, elementwise. */
export function sumAbsolute(sites: readonly Site[], shape: Shape): Tensor {
  return chunked(sites, shape, (part) => sum(abs(denseTotal(part)), { axis: 0 })).reduce(add);
}

/** `|dL_n/dtheta|^2` for every example, [N]. */
export function squaredNorms(sites: readonly Site[], shape: Shape): Tensor {
  const site = mergedProduct(sites);
  if (site?.kind === 'product') return productNorms(site.left, site.right);
  if (site) {
    return productNormsConvolution(site.images, site.cotangent, {
      ...site.geometry,
      kernel: kernelOf(site.shape),
    });
  }
  return concat(
    chunked(sites, shape, (part) => sum(square(rows(denseTotal(part))), { axis: 1 })),
    { axis: 0 },
  );
}

/** `<dL_n/dtheta, v>` for every example, [N]; the uses of a parameter add up. */
export function dot(sites: readonly Site[], v: Tensor): Tensor {
  return sites.map((site) => dotSite(site, v)).reduce(add);
}

function dotSite(site: Site, v: Tensor): Tensor {
  switch (site.kind) {
    case 'product': {
      // <l^T r, v> = sum_t <l_t v, r_t>
      const matrix = reshape(v, [extent(site.left.shape, 2), extent(site.right.shape, 2)]);
      return sum(mul(matmul(site.left, matrix), site.right), { axis: [1, 2] });
    }
    case 'convolution':
      return sum(mul(conv2d(site.images, v, site.geometry), site.cotangent), { axis: [1, 2, 3] });
    case 'dense':
      return sum(mul(rows(site.values), reshape(v, [1, v.size])), { axis: 1 });
  }
}

/** `sum_n w_n dL_n/dtheta`; the uses of a parameter add up. */
export function weightedSum(sites: readonly Site[], weights: Tensor, shape: Shape): Tensor {
  return sites.map((site) => reshape(weightedSite(site, weights), shape)).reduce(add);
}

function weightedSite(site: Site, weights: Tensor): Tensor {
  const count = exampleCount(site);
  switch (site.kind) {
    case 'product': {
      const scaled = mul(site.right, reshape(weights, [count, 1, 1]));
      return matmul(transpose(flatten(site.left, 0, 1)), flatten(scaled, 0, 1));
    }
    case 'convolution': {
      const scaled = mul(site.cotangent, reshape(weights, [count, 1, 1, 1]));
      return conv2dWeightGrad(site.images, scaled, { ...site.geometry, kernel: kernelOf(site.shape) });
    }
    case 'dense':
      return matmul(reshape(weights, [1, count]), rows(site.values));
  }
}

/** The gradients of all examples, [N, ...shape]. */
export function materialize(sites: readonly Site[]): Tensor {
  return sites.map((site) => materialized(site)).reduce(add);
}

const rows = (values: Tensor): Tensor => reshape(values, [extent(values.shape, 0), -1]);

const kernelOf = (shape: Shape): [number, number] => [extent(shape, 2), extent(shape, 3)];

/** A statistic of stored gradients, a bounded number of examples at a time. */
function chunked(
  sites: readonly Site[],
  shape: Shape,
  statistic: (part: readonly Site[]) => Tensor,
): Tensor[] {
  const count = exampleCount(sites[0] as Site);
  const step = Math.max(1, Math.floor(CHUNK_ELEMENTS / Math.max(1, sizeOf(shape))));
  return Array.from({ length: Math.ceil(count / step) }, (_, chunk) => {
    const [from, to] = [chunk * step, Math.min(count, (chunk + 1) * step)];
    return statistic(sites.map((site) => examplesOf(site, from, to)));
  });
}
