import { ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { isWhole, type ExampleAxis } from '../../graph/exampleAxis';
import { defineOp, single, type AxisUse, type ConvolutionGeometry, type Site } from '../../graph/op';
import { extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, zeros } from '../elementwise/arithmetic';
import { examplesFirst } from '../examplesFirst';
import { checkFloats, checkRank, checkSame } from '../floats';
import { matmul } from '../products/matmul';
import { sum } from '../reduce/sum';
import { flatten, reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { grouped, groupedCotangents, groupedPatches, groupedWeight } from './groups';
import { foldUnder, patchesUnder } from './unfold';
import { geometryNumbers, geometryOf, pairOf, windowPositions } from './window';
import type { ConvolutionOptions, Pair } from './window';
import { moreImages } from '../batching';

// A convolution is linear in images and in weights. With its two gradients it is closed under differentiation: each is the
// derivative of the others, so the three share a file.

interface ImageSize extends ConvolutionGeometry {
  readonly size: readonly [number, number];
}

interface KernelSize extends ConvolutionGeometry {
  readonly kernel: readonly [number, number];
}

const IMAGES = 'images [N, C, H, W]';
const WEIGHT = 'a weight [O, C / groups, kh, kw]';
const COTANGENT = 'cotangents [N, O, OH, OW]';

const lastTwo = (shape: Shape): [number, number] => [extent(shape, 2), extent(shape, 3)];
const plain = ({ stride, padding, dilation, groups }: ConvolutionGeometry): ConvolutionGeometry => ({
  stride,
  padding,
  dilation,
  groups,
});

/** Throws unless the channels and outputs divide into the groups and the weight [O, C / groups, kh, kw] fits them. */
function checkChannels(
  where: string,
  channels: number,
  outputs: number,
  weight: Shape,
  groups: number,
): void {
  if (
    channels % groups !== 0 ||
    outputs % groups !== 0 ||
    (groups > 1 && groups > Math.min(channels, outputs))
  ) {
    throw new ShapeError(
      `${where}: ${channels} input channels and ${outputs} output channels do not divide into ${groups} groups`,
    );
  }
  if (extent(weight, 1) === channels / groups && extent(weight, 0) === outputs) return;
  throw new ShapeError(
    `${where}: a weight [${outputs}, ${channels / groups}, kh, kw] expected for ${channels} input channels, ` +
      `${outputs} output channels and ${groups} groups, got ${formatShape(weight)}`,
  );
}

function checkPositions(where: string, cotangent: Shape, expected: readonly [number, number]): void {
  if (extent(cotangent, 2) === expected[0] && extent(cotangent, 3) === expected[1]) return;
  throw new ShapeError(
    `${where}: cotangents at ${formatShape(expected)} positions expected, got ${formatShape(cotangent)}`,
  );
}

const conv2dOp = defineOp<ConvolutionGeometry>('conv2d', {
  infer: ([x, w, bias], geometry) => {
    checkFloats('conv2d', x, w, ...((bias as Spec | undefined) ? [bias] : []));
    checkRank('conv2d', x, 4, IMAGES);
    checkRank('conv2d', w, 4, WEIGHT);
    checkChannels('conv2d', extent(x.shape, 1), extent(w.shape, 0), w.shape, geometry.groups);
    if (bias as Spec | undefined) checkSame('conv2d', 'a bias', bias, [extent(w.shape, 0)]);
    const positions = windowPositions('conv2d', x.shape, lastTwo(w.shape), geometry);
    return { shape: [extent(x.shape, 0), extent(w.shape, 0), ...positions], dtype: x.dtype };
  },
  lower: { kernel: 'conv2d', attributes: geometryNumbers },
  flops: ([, w], [y]) => 2 * sizeOf(y.shape) * sizeOf(w.shape.slice(1)),
  // y = x * w + b: dx and dw are the two gradient ops, with the cotangent in place of y.
  vjp: ([g], inputs, _outputs, geometry, [wantX, wantW, wantBias]) => {
    const [x, w] = inputs;
    const gradients = [
      wantX ? inputGrad(g, w, { ...geometry, size: lastTwo(x.shape) }) : null,
      wantW ? weightGrad(x, g, { ...geometry, kernel: lastTwo(w.shape) }) : null,
      wantBias ? sum(g, { axis: [0, 2, 3] }) : null,
    ];
    return gradients.slice(0, inputs.length);
  },
  // dy = dx * w + x * dw + db
  jvp: ([dx, dw, dbias], [x, w], [y], geometry) => {
    const parts = [dx && convolved(dx, w, geometry), dw && convolved(x, dw, geometry)].filter(
      (part) => part !== null,
    );
    const linear = parts.length > 0 ? parts.reduce((total, part) => add(total, part)) : null;
    if (!(dbias as Tensor | null | undefined)) return [linear];
    return [linear ? add(linear, perOutput(dbias as Tensor)) : add(perOutput(dbias as Tensor), zeroed(y))];
  },
  // y[n, g, o, t] = sum_k w[g, o, k] patch[n, g, k, t] + b[g, o]
  decompose: ([x, w, bias], geometry) => {
    const patches = groupedPatches(x, geometry, lastTwo(w.shape));
    const product = matmul(groupedWeight(w, geometry.groups), transpose(patches));
    const y = reshape(product, [
      extent(x.shape, 0),
      extent(w.shape, 0),
      ...windowPositions('conv2d', x.shape, lastTwo(w.shape), geometry),
    ]);
    return (bias as Tensor | undefined) ? add(y, perOutput(bias)) : y;
  },
  batch: moreImages(0),
  example: {
    axis: imageAxis,
    site: ({ which, inputs: [x, w], cotangents: [g], outputAxis, attributes }) =>
      which === 2
        ? { kind: 'dense', values: sum(examplesFirst(g, outputAxis), { axis: [1, 3, 4] }) }
        : weightSite(x, g, outputAxis, attributes, w.shape),
  },
});

const inputGradOp = defineOp<ImageSize>('conv2dInputGrad', {
  infer: ([g, w], attributes) => {
    checkFloats('conv2dInputGrad', g, w);
    checkRank('conv2dInputGrad', g, 4, COTANGENT);
    checkRank('conv2dInputGrad', w, 4, WEIGHT);
    const { size, groups } = attributes;
    const channels = extent(w.shape, 1) * groups;
    checkChannels('conv2dInputGrad', channels, extent(g.shape, 1), w.shape, groups);
    checkPositions(
      'conv2dInputGrad',
      g.shape,
      windowPositions('conv2dInputGrad', size, lastTwo(w.shape), attributes),
    );
    return { shape: [extent(g.shape, 0), channels, ...size], dtype: g.dtype };
  },
  lower: { kernel: 'conv2dInputGrad', attributes: geometryNumbers },
  flops: ([g, w]) => 2 * sizeOf(g.shape) * sizeOf(w.shape.slice(1)),
  linearity: 'multilinear',
  // <u, conv2dInputGrad(g, w)> = <conv2d(u, w), g>: dg = conv2d(u, w), dw = conv2dWeightGrad(u, g).
  vjp: ([u], [g, w], _outputs, attributes, [wantG, wantW]) => [
    wantG ? convolved(u, w, plain(attributes)) : null,
    wantW ? weightGrad(u, g, { ...plain(attributes), kernel: lastTwo(w.shape) }) : null,
  ],
  // dx = fold(sum_o w[g, o, k] g[n, g, o, t])
  decompose: ([g, w], { size, ...geometry }) => {
    const { groups } = geometry;
    const patches = matmul(transpose(groupedCotangents(g, groups)), groupedWeight(w, groups));
    const rows = flatten(transpose(patches, [0, 2, 1, 3]), 2);
    return foldUnder(rows, geometry, lastTwo(w.shape), size);
  },
  batch: moreImages(0),
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
    const { kernel, groups } = attributes;
    const shape = [extent(g.shape, 1), extent(x.shape, 1) / groups, ...kernel];
    checkChannels('conv2dWeightGrad', extent(x.shape, 1), extent(g.shape, 1), shape, groups);
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
    return { shape, dtype: x.dtype };
  },
  lower: { kernel: 'conv2dWeightGrad', attributes: geometryNumbers },
  flops: ([, g], [y]) => 2 * sizeOf(g.shape) * sizeOf(y.shape.slice(1)),
  linearity: 'multilinear',
  // <u, conv2dWeightGrad(x, g)> = <conv2d(x, u), g>: dx = conv2dInputGrad(g, u), dg = conv2d(x, u).
  vjp: ([u], [x, g], _outputs, attributes, [wantX, wantG]) => [
    wantX ? inputGrad(g, u, { ...plain(attributes), size: lastTwo(x.shape) }) : null,
    wantG ? convolved(x, u, plain(attributes)) : null,
  ],
  // dw[g, o, k] = sum over n and t of g[n, g, o, t] patch[n, g, t, k]
  decompose: ([x, g], attributes) => {
    const { groups, kernel } = attributes;
    const left = flatten(transpose(groupedCotangents(g, groups), [1, 2, 0, 3]), 2);
    const right = flatten(transpose(groupedPatches(x, attributes, kernel), [1, 0, 2, 3]), 1, 2);
    return reshape(matmul(left, right), [extent(g.shape, 1), extent(x.shape, 1) / groups, ...kernel]);
  },
  example: { axis: ({ mixes }) => mixes('it sums over the images') },
});

const inputGrad = (g: Tensor, w: Tensor, attributes: ImageSize): Tensor =>
  single(inputGradOp([g, w], attributes));
const weightGrad = (x: Tensor, g: Tensor, attributes: KernelSize): Tensor =>
  single(weightGradOp([x, g], attributes));

const convolved = (x: Tensor, w: Tensor, geometry: ConvolutionGeometry): Tensor =>
  single(conv2dOp([x, w], geometry));

/** One number per output, aligned with [N, O, OH, OW]. */
const perOutput = (vector: Tensor): Tensor => reshape(vector, [vector.size, 1, 1]);

/** Zeros that give a sum the shape of y. */
const zeroed = (y: Tensor): Tensor => zeros(y.shape, y.dtype);

/** Images stay apart as long as all meet the same weight. */
function imageAxis({ axes: [images, weight, bias], mixes }: AxisUse<object>): ExampleAxis {
  if (weight || bias || !images) {
    return mixes('its weight differs from example to example');
  }
  return images.axis === 0 ? images : mixes('the examples are not on the axis of the images');
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
  const { groups } = geometry;
  const left = transpose(flatten(cotangent, 2)); // [N, T, O]
  const right = patchesUnder(images, geometry, kernel); // [N, T, C kh kw]
  const ofExamples = (rows: Tensor): Tensor => flatten(examplesFirst(rows, axis), 1, 2);
  if (groups === 1) return { kind: 'product', left: ofExamples(left), right: ofExamples(right), shape };
  const [a, b] = [left, right].map((rows) => transpose(grouped(ofExamples(rows), groups), [0, 2, 1, 3])) as [
    Tensor,
    Tensor,
  ];
  const values = matmul(transpose(a), b); // [examples, groups, O / groups, C / groups kh kw]
  return { kind: 'dense', values: reshape(values, [extent(values.shape, 0), ...shape]) };
}

export interface Conv2dOptions extends ConvolutionOptions {
  /** [O], added to every output channel. Default none. */
  readonly bias?: Tensor;
}

const CONV2D_OPTIONS: Kinds<Conv2dOptions> = {
  bias: 'tensor',
  groups: 'number',
  stride: 'numbers',
  padding: 'any',
  dilation: 'numbers',
};

/**
 * Two-dimensional convolution (cross-correlation, as networks use it) of images x [N, C, H, W] with a weight
 * w [O, C / groups, kh, kw]:
 *
 *     y[n, o, r, s] = sum over c, i, j of w[o, c, i, j] x[n, c, r stride - top + i dilation, ...] + bias[o]
 *
 * with zeros outside the image. The result is [N, O, OH, OW], `OH = floor((H + top + bottom - dilation (kh - 1) - 1) /
 * stride) + 1`. With groups, c goes over the channels of the group of o alone.
 *
 * @example
 * conv2d(images, weight, { padding: 'same', bias });
 * conv2d(images, weight, { padding: 1, stride: 2, groups: 4 });
 * @throws ShapeError when channels disagree or the window does not fit; DTypeError unless both are of one float dtype;
 *   OptionError for a misspelled or impossible option.
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensors('conv2d', { x, w });
  checkKinds('conv2d', options, CONV2D_OPTIONS);
  const { bias } = options;
  checkRank('conv2d', w, 4, WEIGHT);
  const sizes = { image: x.shape, kernel: lastTwo(w.shape) };
  const geometry = geometryOf('conv2d', options, { groups: 'number', bias: 'tensor' }, sizes);
  return single(conv2dOp(bias ? [x, w, bias] : [x, w], geometry));
}

export interface InputGradOptions extends ConvolutionOptions {
  /** Height and width of the images: with a stride, several sizes give the same number of positions. */
  readonly size: Pair;
}

const INPUT_GRAD_OPTIONS: Kinds<InputGradOptions> = {
  size: 'numbers',
  groups: 'number',
  stride: 'numbers',
  padding: 'any',
  dilation: 'numbers',
};

/**
 * The transposed map of `conv2d` with respect to the images (the transposed convolution): g [N, O, OH, OW] and
 * w [O, C / groups, kh, kw] to [N, C, ...size].
 *
 * @throws ShapeError, DTypeError and OptionError as `conv2d` does.
 */
export function conv2dInputGrad(g: Tensor, w: Tensor, options: InputGradOptions): Tensor {
  checkTensors('conv2dInputGrad', { g, w });
  checkKinds('conv2dInputGrad', options, INPUT_GRAD_OPTIONS);
  checkRank('conv2dInputGrad', w, 4, WEIGHT);
  const size = pairOf('conv2dInputGrad', 'size', options.size, 0);
  const sizes = { image: size, kernel: lastTwo(w.shape) };
  return inputGrad(g, w, {
    ...geometryOf('conv2dInputGrad', options, { size: 'numbers', groups: 'number' }, sizes),
    size,
  });
}

export interface WeightGradOptions extends ConvolutionOptions {
  /** Taps of the window: kernel height and width. */
  readonly kernel: Pair;
}

const WEIGHT_GRAD_OPTIONS: Kinds<WeightGradOptions> = {
  kernel: 'numbers',
  groups: 'number',
  stride: 'numbers',
  padding: 'any',
  dilation: 'numbers',
};

/**
 * The transposed map of `conv2d` with respect to the weight: x [N, C, H, W] and g [N, O, OH, OW] to [O, C / groups, ...kernel],
 * summed over the images.
 *
 * @throws ShapeError, DTypeError and OptionError as `conv2d` does.
 */
export function conv2dWeightGrad(x: Tensor, g: Tensor, options: WeightGradOptions): Tensor {
  checkTensors('conv2dWeightGrad', { x, g });
  checkKinds('conv2dWeightGrad', options, WEIGHT_GRAD_OPTIONS);
  const kernel = pairOf('conv2dWeightGrad', 'kernel', options.kernel, 1);
  const sizes = { image: x.shape, kernel };
  return weightGrad(x, g, {
    ...geometryOf('conv2dWeightGrad', options, { kernel: 'numbers', groups: 'number' }, sizes),
    kernel,
  });
}
