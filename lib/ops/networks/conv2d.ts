import { ShapeError } from '../../errors';
import { isWhole, type ExampleAxis } from '../../graph/exampleAxis';
import { defineOp, single, type AxisUse, type ConvolutionGeometry, type Site } from '../../graph/op';
import { extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { examplesFirst } from '../examplesFirst';
import { checkFloats, checkRank } from '../floats';
import { matmul } from '../products/matmul';
import { flatten, reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { fold, unfold } from './unfold';
import { geometryNumbers, geometryOf, pairOf, windowPositions } from './window';
import type { ConvolutionOptions, Pair, WindowOptions } from './window';

// A convolution is linear in images and in weights. With its two gradients it is closed under differentiation: each is the
// derivative of the others, so the three share a file.

interface ImageSize extends ConvolutionGeometry {
  readonly size: readonly [number, number];
}

interface KernelSize extends ConvolutionGeometry {
  readonly kernel: readonly [number, number];
}

const IMAGES = 'images [N, C, H, W]';
const WEIGHT = 'a weight [O, C, kh, kw]';
const COTANGENT = 'cotangents [N, O, OH, OW]';

const lastTwo = (shape: Shape): [number, number] => [extent(shape, 2), extent(shape, 3)];
const plain = ({ stride, padding, dilation }: ConvolutionGeometry): ConvolutionGeometry => ({
  stride,
  padding,
  dilation,
});

function checkChannels(where: string, images: Shape, weight: Shape, axis: 0 | 1): void {
  if (extent(images, 1) === extent(weight, axis)) return;
  throw new ShapeError(
    `${where}: images ${formatShape(images)} and weight ${formatShape(weight)} disagree about the ` +
      `${axis === 1 ? 'input' : 'output'} channels`,
  );
}

function checkPositions(where: string, cotangent: Shape, expected: readonly [number, number]): void {
  if (extent(cotangent, 2) === expected[0] && extent(cotangent, 3) === expected[1]) return;
  throw new ShapeError(
    `${where}: cotangents at ${formatShape(expected)} positions expected, got ${formatShape(cotangent)}`,
  );
}

const conv2dOp = defineOp<ConvolutionGeometry>('conv2d', {
  infer: ([x, w], geometry) => {
    checkFloats('conv2d', x, w);
    checkRank('conv2d', x, 4, IMAGES);
    checkRank('conv2d', w, 4, WEIGHT);
    checkChannels('conv2d', x.shape, w.shape, 1);
    const positions = windowPositions('conv2d', x.shape, lastTwo(w.shape), geometry);
    return { shape: [extent(x.shape, 0), extent(w.shape, 0), ...positions], dtype: x.dtype };
  },
  lower: { kernel: 'conv2d', attributes: geometryNumbers },
  flops: ([, w], [y]) => 2 * sizeOf(y.shape) * sizeOf(w.shape.slice(1)),
  linearity: 'multilinear',
  // y = x * w: dx and dw are the two gradient ops, with the cotangent in place of y.
  vjp: ([g], [x, w], _outputs, geometry, [wantX, wantW]) => [
    wantX ? inputGrad(g, w, { ...geometry, size: lastTwo(x.shape) }) : null,
    wantW ? weightGrad(x, g, { ...geometry, kernel: lastTwo(w.shape) }) : null,
  ],
  // y[n, o, t] = sum_k w[o, k] patch[n, t, k]
  decompose: ([x, w], geometry) => {
    const patches = unfold(x, { ...geometry, kernel: lastTwo(w.shape) });
    const y = matmul(flatten(w, 1), transpose(patches));
    return reshape(y, [
      extent(x.shape, 0),
      extent(w.shape, 0),
      ...windowPositions('conv2d', x.shape, lastTwo(w.shape), geometry),
    ]);
  },
  example: {
    axis: imageAxis,
    site: ({ inputs: [x, w], cotangents: [g], outputAxis, attributes }) =>
      weightSite(x, g, outputAxis, attributes, w.shape),
  },
});

const inputGradOp = defineOp<ImageSize>('conv2dInputGrad', {
  infer: ([g, w], attributes) => {
    checkFloats('conv2dInputGrad', g, w);
    checkRank('conv2dInputGrad', g, 4, COTANGENT);
    checkRank('conv2dInputGrad', w, 4, WEIGHT);
    checkChannels('conv2dInputGrad', g.shape, w.shape, 0);
    const { size } = attributes;
    checkPositions(
      'conv2dInputGrad',
      g.shape,
      windowPositions('conv2dInputGrad', size, lastTwo(w.shape), attributes),
    );
    return { shape: [extent(g.shape, 0), extent(w.shape, 1), ...size], dtype: g.dtype };
  },
  lower: { kernel: 'conv2dInputGrad', attributes: geometryNumbers },
  flops: ([g, w]) => 2 * sizeOf(g.shape) * sizeOf(w.shape.slice(1)),
  linearity: 'multilinear',
  // <u, conv2dInputGrad(g, w)> = <conv2d(u, w), g>: dg = conv2d(u, w), dw = conv2dWeightGrad(u, g).
  vjp: ([u], [g, w], _outputs, attributes, [wantG, wantW]) => [
    wantG ? single(conv2dOp([u, w], plain(attributes))) : null,
    wantW ? weightGrad(u, g, { ...plain(attributes), kernel: lastTwo(w.shape) }) : null,
  ],
  // dx = fold(sum_o w[o, k] g[n, o, t])
  decompose: ([g, w], { size, ...geometry }) => {
    const patches = matmul(transpose(flatten(g, 2)), flatten(w, 1));
    return fold(patches, { ...geometry, size, kernel: lastTwo(w.shape) });
  },
  example: {
    axis: imageAxis,
    site: ({ inputs: [g, w], cotangents: [u], outputAxis, attributes }) =>
      weightSite(u, g, outputAxis, plain(attributes), w.shape),
  },
});

const weightGradOp = defineOp<KernelSize>('conv2dWeightGrad', {
  infer: ([x, g], attributes) => {
    checkFloats('conv2dWeightGrad', x, g);
    checkRank('conv2dWeightGrad', x, 4, IMAGES);
    checkRank('conv2dWeightGrad', g, 4, COTANGENT);
    const { kernel } = attributes;
    checkPositions(
      'conv2dWeightGrad',
      g.shape,
      windowPositions('conv2dWeightGrad', x.shape, kernel, attributes),
    );
    if (extent(x.shape, 0) !== extent(g.shape, 0)) {
      throw new ShapeError(
        `conv2dWeightGrad: one cotangent per image expected, got ${formatShape(x.shape)} and ${formatShape(g.shape)}`,
      );
    }
    return { shape: [extent(g.shape, 1), extent(x.shape, 1), ...kernel], dtype: x.dtype };
  },
  lower: { kernel: 'conv2dWeightGrad', attributes: geometryNumbers },
  flops: ([, g], [y]) => 2 * sizeOf(g.shape) * sizeOf(y.shape.slice(1)),
  linearity: 'multilinear',
  // <u, conv2dWeightGrad(x, g)> = <conv2d(x, u), g>: dx = conv2dInputGrad(g, u), dg = conv2d(x, u).
  vjp: ([u], [x, g], _outputs, attributes, [wantX, wantG]) => [
    wantX ? inputGrad(g, u, { ...plain(attributes), size: lastTwo(x.shape) }) : null,
    wantG ? single(conv2dOp([x, u], plain(attributes))) : null,
  ],
  // dw[o, k] = sum_n sum_t g[n, o, t] patch[n, t, k]
  decompose: ([x, g], attributes) => {
    const { left, right } = factors(x, g, attributes);
    const product = matmul(transpose(flatten(left, 0, 1)), flatten(right, 0, 1));
    return reshape(product, [extent(g.shape, 1), extent(x.shape, 1), ...attributes.kernel]);
  },
  example: { axis: ({ mixes }) => mixes('it sums over the images') },
});

const inputGrad = (g: Tensor, w: Tensor, attributes: ImageSize): Tensor =>
  single(inputGradOp([g, w], attributes));
const weightGrad = (x: Tensor, g: Tensor, attributes: KernelSize): Tensor =>
  single(weightGradOp([x, g], attributes));

/** Images stay apart as long as all meet the same weight. */
function imageAxis({ axes: [images, weight], mixes }: AxisUse<object>): ExampleAxis {
  if (weight || !images) return mixes('its weight differs from example to example');
  return images.axis === 0 ? images : mixes('the examples are not on the axis of the images');
}

/** Cotangents [N, T, O] and patches [N, T, C kh kw]: their product over T is the gradient of the weight. */
function factors(images: Tensor, cotangent: Tensor, attributes: KernelSize): { left: Tensor; right: Tensor } {
  return { left: transpose(flatten(cotangent, 2)), right: unfold(images, attributes) };
}

/** What makes up dL_n/dw. When an example has several images, their positions all become t. */
function weightSite(
  images: Tensor,
  cotangent: Tensor,
  axis: ExampleAxis,
  geometry: ConvolutionGeometry,
  shape: Shape,
): Site {
  const kernel = lastTwo(shape);
  if (isWhole(axis)) return { kind: 'convolution', images, cotangent, geometry, kernel, shape };
  const { left, right } = factors(images, cotangent, { ...geometry, kernel });
  const ofExamples = (rows: Tensor): Tensor => flatten(examplesFirst(rows, axis), 1, 2);
  return { kind: 'product', left: ofExamples(left), right: ofExamples(right), shape };
}

/**
 * Two-dimensional convolution (cross-correlation, as networks use it) of images x [N, C, H, W] with a weight
 * w [O, C, kh, kw]:
 *
 *     y[n, o, r, s] = sum over c, i, j of w[o, c, i, j] x[n, c, r stride - padding + i dilation, ...]
 *
 * with zeros outside the image. The result is [N, O, OH, OW], `OH = floor((H + 2 padding - dilation (kh - 1) - 1) /
 * stride) + 1`.
 *
 * @example
 * conv2d(images, weight, { padding: 1, stride: 2 });
 * @throws ShapeError when channels disagree or the window does not fit; DTypeError unless both are of one float dtype;
 *   OptionError for a misspelled or impossible option.
 */
export function conv2d(x: Tensor, w: Tensor, options: ConvolutionOptions = {}): Tensor {
  return single(conv2dOp([x, w], geometryOf('conv2d', options)));
}

export interface InputGradOptions extends ConvolutionOptions {
  /** Height and width of the images: with a stride, several sizes give the same number of positions. */
  readonly size: Pair;
}

/**
 * The transposed map of `conv2d` with respect to the images (the transposed convolution): g [N, O, OH, OW] and
 * w [O, C, kh, kw] to [N, C, ...size].
 *
 * @throws ShapeError, DTypeError and OptionError as `conv2d` does.
 */
export function conv2dInputGrad(g: Tensor, w: Tensor, options: InputGradOptions): Tensor {
  const geometry = geometryOf('conv2dInputGrad', options, ['size']);
  return inputGrad(g, w, { ...geometry, size: pairOf('conv2dInputGrad', 'size', options.size, 0) });
}

/**
 * The transposed map of `conv2d` with respect to the weight: x [N, C, H, W] and g [N, O, OH, OW] to [O, C, ...kernel],
 * summed over the images.
 *
 * @throws ShapeError, DTypeError and OptionError as `conv2d` does.
 */
export function conv2dWeightGrad(x: Tensor, g: Tensor, options: WindowOptions): Tensor {
  const geometry = geometryOf('conv2dWeightGrad', options, ['kernel']);
  return weightGrad(x, g, { ...geometry, kernel: pairOf('conv2dWeightGrad', 'kernel', options.kernel, 1) });
}
