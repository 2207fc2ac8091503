import { checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
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
import { reshape } from '../shape/reshape';
import { sum } from '../reduce/sum';
import { geometryNumbers } from '../networks/window';

const squareSumOp = defineOp<FactorOrientation>('squareSum', {
  infer: ([left, right], orientation) => ({
    shape: factorFeatures('squareSum', left, right, orientation),
    dtype: left.dtype,
  }),
  lower: { kernel: 'squareSum', attributes: orientationNumbers },
  flops: ([left], [y], { transLeft }) =>
    // A product per example, then a square and an addition per element.
    2 * (extent(left.shape, transLeft ? 2 : 1) + 1) * extent(left.shape, 0) * sizeOf(y.shape),
  decompose: ([left, right], orientation) =>
    sum(square(exampleGradients(left, right, orientation)), { axis: 0 }),
  example: { axis: ({ mixes }) => mixes('it sums over the examples') },
});

const squareSumConvolutionOp = defineOp<ConvolutionFactors>('squareSumConvolution', {
  infer: ([images, cotangent], factors) => ({
    shape: convolutionWeight('squareSumConvolution', images, cotangent, factors),
    dtype: images.dtype,
  }),
  lower: { kernel: 'squareSumConv', attributes: geometryNumbers },
  flops: ([, cotangent], [y]) =>
    2 * (sizeOf(cotangent.shape.slice(2)) + 1) * extent(cotangent.shape, 0) * sizeOf(y.shape),
  decompose: ([images, cotangent], factors) => {
    const gradients = exampleConvolutionGradients(images, cotangent, factors);
    return reshape(sum(square(gradients), { axis: 0 }), [
      extent(cotangent.shape, 1),
      extent(images.shape, 1) / factors.groups,
      ...factors.kernel,
    ]);
  },
  example: { axis: ({ mixes }) => mixes('it sums over the examples') },
});

/**
 * The sum over examples of squared per-example gradients given as factors left [N, T, I] and right [N, T, J]:
 *
 *     y[i, j] = sum_n (sum_t left[n, t, i] right[n, t, j])^2
 *
 * One fused product; no per-example gradient is stored. Divided by N it is the diagonal of the empirical Fisher.
 *
 * @throws ShapeError when the factors disagree in N or T; DTypeError unless both are of one float dtype.
 */
export function squareSum(left: Tensor, right: Tensor): Tensor {
  checkTensors('squareSum', { left, right });
  const { inputs, orientation } = orient(left, right);
  return single(squareSumOp(inputs, orientation));
}

/**
 * `squareSum` for the weight of a convolution [O, C, kh, kw], from images [N, C, H, W] and the cotangents [N, O, OH, OW]
 * of its result; the patches under the window are never stored either.
 *
 * @throws ShapeError when they are not of one convolution; DTypeError; OptionError.
 */
export function squareSumConvolution(images: Tensor, cotangent: Tensor, options: ConvolutionUse): Tensor {
  checkTensors('squareSumConvolution', { images, cotangent });
  return single(
    squareSumConvolutionOp([images, cotangent], convolutionFactors('squareSumConvolution', options)),
  );
}
