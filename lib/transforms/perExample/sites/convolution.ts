import type { ConvolutionSite, ProductSite } from '../../../graph/op';
import { extent, sizeOf } from '../../../graph/shape';
import { exampleConvolutionGradients } from '../../../ops/curvature/gradientFactors';
import { productNormsConvolution } from '../../../ops/curvature/productNorms';
import { squareSumConvolution } from '../../../ops/curvature/squareSum';
import { mul } from '../../../ops/elementwise/arithmetic';
import { conv2d, conv2dWeightGrad } from '../../../ops/networks/conv2d';
import { patchesUnder } from '../../../ops/networks/unfold';
import { sum } from '../../../ops/reduce/sum';
import { flatten, reshape } from '../../../ops/shape/reshape';
import { slice } from '../../../ops/shape/slice';
import { transpose } from '../../../ops/shape/transpose';
import { rowsOf, type SiteKind } from './kind';

/** The gradient of a convolution's weight: the cotangent at every position with the patch under it. */
export const convolutionKind: SiteKind<ConvolutionSite> = {
  count: ({ images }) => extent(images.shape, 0),
  range: (site, from, to) => ({
    ...site,
    images: rowsOf(site.images, from, to),
    cotangent: rowsOf(site.cotangent, from, to),
  }),
  product,
  materialized: ({ images, cotangent, geometry, kernel, shape }) => {
    const gradients = exampleConvolutionGradients(images, cotangent, { ...geometry, kernel });
    return reshape(gradients, [extent(images.shape, 0), ...shape]);
  },
  extents: ({ cotangent, shape }) => {
    const outputs = extent(cotangent.shape, 1);
    return [outputs, sizeOf(shape) / outputs];
  },
  steps: ({ cotangent }) => sizeOf(cotangent.shape.slice(2)),
  block: (site, from, to) => {
    const { images, cotangent, geometry, kernel, shape } = site;
    const columns = sizeOf(shape) / extent(cotangent.shape, 1);
    const examples = extent(images.shape, 0);
    // With groups a row sees the channels of its group only; such convolutions are small.
    const whole = geometry.groups > 1;
    const own = whole ? cotangent : slice(cotangent, { starts: [0, from], stops: [undefined, to] });
    const gradients = exampleConvolutionGradients(images, own, { ...geometry, kernel });
    const matrices = reshape(gradients, [examples, whole ? extent(cotangent.shape, 1) : to - from, columns]);
    return whole ? slice(matrices, { starts: [0, from], stops: [undefined, to] }) : matrices;
  },
  sumSquares: ({ images, cotangent, geometry, kernel, shape }) =>
    reshape(squareSumConvolution(images, cotangent, { ...geometry, kernel }), shape),
  squaredNorms: ({ images, cotangent, geometry, kernel }) =>
    productNormsConvolution(images, cotangent, { ...geometry, kernel }),
  // <dL_n/dW, v> = <conv2d(x_n, v), g_n>: the directions are so many more output channels of every group.
  dots: ({ images, cotangent, geometry, kernel }, directions) => {
    const { groups } = geometry;
    const many = extent(directions.shape, 0);
    const [examples = 0, outputs = 0, height = 0, width = 0] = cotangent.shape;
    const own = outputs / groups;
    const filter = [extent(images.shape, 1) / groups, ...kernel];
    const inGroups = transpose(reshape(directions, [many, groups, own, sizeOf(filter)]), [1, 0, 2, 3]);
    const filters = reshape(inGroups, [many * outputs, ...filter]);
    const turned = reshape(conv2d(images, filters, geometry), [examples, groups, many, own, height, width]);
    const terms = mul(turned, reshape(cotangent, [examples, groups, 1, own, height, width]));
    return transpose(sum(terms, { axis: [1, 3, 4, 5] }));
  },
  // The weightings are so many more output channels as well.
  weightedSums: ({ images, cotangent, geometry, kernel, shape }, weights) => {
    const { groups } = geometry;
    const many = extent(weights.shape, 0);
    const [examples = 0, outputs = 0, height = 0, width = 0] = cotangent.shape;
    const own = outputs / groups;
    const scaled = mul(
      reshape(transpose(weights), [examples, 1, many, 1, 1, 1]),
      reshape(cotangent, [examples, groups, 1, own, height, width]),
    );
    const channels = reshape(scaled, [examples, many * outputs, height, width]);
    const sums = conv2dWeightGrad(images, channels, { ...geometry, kernel });
    const perWeighting = transpose(reshape(sums, [groups, many, sizeOf(shape) / groups]), [1, 0, 2]);
    return reshape(perWeighting, [many, sizeOf(shape)]);
  },
};

/** None with groups: these are several products. */
function product({ images, cotangent, geometry, kernel, shape }: ConvolutionSite): ProductSite | null {
  if (geometry.groups > 1) return null;
  return {
    kind: 'product',
    left: transpose(flatten(cotangent, 2)),
    right: patchesUnder(images, geometry, kernel),
    shape,
  };
}
