import { checkTensors } from '../../graph/call';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { defineOp, single, type AxisUse } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { square } from '../elementwise/arithmetic';
import {
  convolutionFactors,
  convolutionWeight,
  exampleConvolutionGradients,
  exampleGradients,
  factorFeatures,
  orient,
  orientationNumbers,
  type ConvolutionFactors,
  type ConvolutionUse,
  type FactorOrientation,
} from './gradientFactors';
import { sum } from '../reduce/sum';
import { geometryNumbers } from '../networks/window';

/** Every example has a norm of its own. */
function sameExample(use: AxisUse<object>): ExampleAxis {
  const axis = agreedAxis(use);
  return axis.axis === 0 ? axis : use.mixes('the examples are not on the first axis of the factors');
}

/** The cheaper of the product itself, squared and added, and of the two Gram matrices and their inner product. */
const normFlops = (examples: number, steps: number, rows: number, columns: number): number =>
  2 * examples * Math.min((steps + 1) * rows * columns, steps * steps * (rows + columns + 1));

const productNormsOp = defineOp<FactorOrientation>('productNorms', {
  infer: ([left, right], orientation) => {
    factorFeatures('productNorms', left, right, orientation);
    return { shape: [extent(left.shape, 0)], dtype: left.dtype };
  },
  lower: { kernel: 'productNorms', attributes: orientationNumbers },
  flops: ([left, right], _outputs, orientation) => {
    const [rows, columns] = factorFeatures('productNorms', left, right, orientation);
    return normFlops(extent(left.shape, 0), extent(left.shape, orientation.transLeft ? 2 : 1), rows, columns);
  },
  decompose: ([left, right], orientation) =>
    sum(square(exampleGradients(left, right, orientation)), { axis: [1, 2] }),
  example: { axis: sameExample },
});

const productNormsConvolutionOp = defineOp<ConvolutionFactors>('productNormsConvolution', {
  infer: ([images, cotangent], factors) => {
    convolutionWeight('productNormsConvolution', images, cotangent, factors);
    return { shape: [extent(images.shape, 0)], dtype: images.dtype };
  },
  lower: {
    kernel: 'productNormsConv',
    attributes: (factors) => [...geometryNumbers(factors), ...factors.kernel],
  },
  flops: ([images, cotangent], _outputs, { kernel }) => {
    const [examples, outputs] = [extent(cotangent.shape, 0), extent(cotangent.shape, 1)];
    return normFlops(
      examples,
      sizeOf(cotangent.shape.slice(2)),
      outputs,
      extent(images.shape, 1) * sizeOf(kernel),
    );
  },
  decompose: ([images, cotangent], factors) =>
    sum(square(exampleConvolutionGradients(images, cotangent, factors)), { axis: [1, 2] }),
  example: { axis: sameExample },
});

/**
 * Squared norms of per-example gradients given as factors left [N, T, I] and right [N, T, J]:
 *
 *     y[n] = sum_ij (sum_t left[n, t, i] right[n, t, j])^2
 *
 * by the cheaper of the product itself and the Gram form `<left left^T, right right^T>`; no gradient is stored.
 *
 * @throws ShapeError when the factors disagree in N or T; DTypeError unless both are of one float dtype.
 */
export function productNorms(left: Tensor, right: Tensor): Tensor {
  checkTensors('productNorms', { left, right });
  const { inputs, orientation } = orient(left, right);
  return single(productNormsOp(inputs, orientation));
}

/**
 * `productNorms` for the weight of a convolution, from images [N, C, H, W] and the cotangents [N, O, OH, OW] of its result.
 *
 * @throws ShapeError when they are not of one convolution; DTypeError; OptionError.
 */
export function productNormsConvolution(images: Tensor, cotangent: Tensor, options: ConvolutionUse): Tensor {
  checkTensors('productNormsConvolution', { images, cotangent });
  return single(
    productNormsConvolutionOp([images, cotangent], convolutionFactors('productNormsConvolution', options)),
  );
}
