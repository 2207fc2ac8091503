import type { ConvolutionSite, ProductSite } from '../../../graph/op';
import { extent, sizeOf } from '../../../graph/shape';
import { productNormsConvolution } from '../../../ops/curvature/productNorms';
import { squareSumConvolution } from '../../../ops/curvature/squareSum';
import { mul } from '../../../ops/elementwise/arithmetic';
import { conv2d, conv2dWeightGrad } from '../../../ops/networks/conv2d';
import { unfold } from '../../../ops/networks/unfold';
import { sum } from '../../../ops/reduce/sum';
import { flatten, reshape } from '../../../ops/shape/reshape';
import { transpose } from '../../../ops/shape/transpose';
import { rowsOf, type SiteKind } from './kind';
import { productKind } from './product';

/** The gradient of a convolution's weight: the cotangent at every position with the patch under it. */
export const convolutionKind: SiteKind<ConvolutionSite> = {
  count: ({ images }) => extent(images.shape, 0),
  range: (site, from, to) => ({
    ...site,
    images: rowsOf(site.images, from, to),
    cotangent: rowsOf(site.cotangent, from, to),
  }),
  product,
  materialized: (site) => productKind.materialized(product(site)),
  sumSquares: ({ images, cotangent, geometry, kernel, shape }) =>
    reshape(squareSumConvolution(images, cotangent, { ...geometry, kernel }), shape),
  squaredNorms: ({ images, cotangent, geometry, kernel }) =>
    productNormsConvolution(images, cotangent, { ...geometry, kernel }),
  // <dL_n/dW, v> = <conv2d(x_n, v), g_n>: the directions are so many more output channels.
  dots: ({ images, cotangent, geometry, kernel }, directions) => {
    const many = extent(directions.shape, 0);
    const [examples = 0, outputs = 0, height = 0, width = 0] = cotangent.shape;
    const filters = reshape(directions, [many * outputs, extent(images.shape, 1), ...kernel]);
    const turned = reshape(conv2d(images, filters, geometry), [examples, many, outputs, height, width]);
    const terms = mul(turned, reshape(cotangent, [examples, 1, outputs, height, width]));
    return transpose(sum(terms, { axis: [2, 3, 4] }));
  },
  // The weightings are so many more output channels as well.
  weightedSums: ({ images, cotangent, geometry, kernel, shape }, weights) => {
    const many = extent(weights.shape, 0);
    const [examples = 0, outputs = 0, height = 0, width = 0] = cotangent.shape;
    const scaled = mul(
      reshape(transpose(weights), [examples, many, 1, 1, 1]),
      reshape(cotangent, [examples, 1, outputs, height, width]),
    );
    const channels = reshape(scaled, [examples, many * outputs, height, width]);
    const sums = conv2dWeightGrad(images, channels, { ...geometry, kernel });
    return reshape(sums, [many, sizeOf(shape)]);
  },
};

function product({ images, cotangent, geometry, kernel, shape }: ConvolutionSite): ProductSite {
  return {
    kind: 'product',
    left: transpose(flatten(cotangent, 2)),
    right: unfold(images, { ...geometry, kernel }),
    shape,
  };
}
