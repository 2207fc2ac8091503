import { OptionError } from '../../errors';
import { checkKinds, checkTensors, type Kind, type Kinds } from '../../graph/call';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { defineOp, several, single, type AxisUse, type Several } from '../../graph/op';
import { extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { tensor } from '../../graph/create';
import { mul } from '../elementwise/arithmetic';
import { agreedAxis } from '../agreedAxis';
import { checkFloats, checkRank, checkSame } from '../floats';
import { flatten, reshape } from '../shape/reshape';
import { takeAlong, takeAlongGrad } from '../indexing/takeAlong';
import { pairOf, windowPositions, type Pair, type Sides } from './window';
import { moreImages } from '../batching';

export interface PoolOptions {
  /** Height and width of the window. */
  readonly kernel: Pair;
  /** Cells from one window to the next. Default: the window's size, so that windows do not overlap. */
  readonly stride?: Pair;
  /** Cells around the image, on each side; less than the window's size. Default 0. */
  readonly padding?: Pair;
  /**
   * Whether a last window that reaches beyond the image and its padding counts, as long as it begins before the end of the
   * image and the padding before it. Default false.
   */
  readonly ceilMode?: boolean;
}

const POOL_OPTIONS: Kinds<PoolOptions> = {
  kernel: 'numbers',
  stride: 'numbers',
  padding: 'numbers',
  ceilMode: 'boolean',
};

export interface AvgPoolOptions extends PoolOptions {
  /** Whether means count cells of the padding as zeros, rather than leave them out. Default true, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

const AVG_POOL_OPTIONS: Kinds<AvgPoolOptions> = {
  countIncludePad: 'boolean',
  kernel: 'numbers',
  stride: 'numbers',
  padding: 'numbers',
  ceilMode: 'boolean',
};

interface Pooling {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Sides;
}

const numbers = ({ kernel, stride, padding }: Pooling): number[] => [
  ...kernel,
  ...stride,
  ...padding.map(([low]) => low),
  ...padding.map(([, high]) => high),
];

const pooledShape = (where: string, shape: Shape, pooling: Pooling): Shape => [
  ...shape.slice(0, 2),
  ...windowPositions(where, shape, pooling.kernel, { ...pooling, dilation: [1, 1] }),
];

function pooled(where: string, x: Spec, pooling: Pooling): Spec {
  checkFloats(where, x);
  checkRank(where, x, 4, 'images [N, C, H, W]');
  return { shape: pooledShape(where, x.shape, pooling), dtype: x.dtype };
}

/** The kernel's view: planes [N * C, H, W]. */
const planes = (specs: readonly Spec[]): Shape[] =>
  specs.map(({ shape: [n = 0, c = 0, ...plane] }) => [n * c, ...plane]);

const asPlanes = (
  _attributes: Pooling,
  inputs: readonly Spec[],
  outputs: readonly Spec[],
): { inputs: Shape[]; outputs: Shape[] } => ({ inputs: planes(inputs), outputs: planes(outputs) });

/** Every cell of every window is looked at once. */
const windowFlops = (_inputs: readonly Spec[], [y]: Several<Spec>, { kernel }: Pooling): number =>
  sizeOf(y.shape) * sizeOf(kernel);

/** Every plane is pooled by itself. */
function samePlane({ first, mixes }: AxisUse<object>): ExampleAxis {
  return first.axis < 2 ? first : mixes('its windows reach over the example axis');
}

/** The cells that were the largest, [N, C, OH, OW]. */
const cellsAt = (x: Tensor, indices: Tensor): Tensor =>
  reshape(takeAlong(flatten(x, 2), flatten(indices, 2)), indices.shape);

interface SizedPooling extends Pooling {
  readonly size: readonly [number, number];
}

/** What comes back for the windows, at their largest cells. */
const maxPool2dGradOp = defineOp<SizedPooling>('maxPool2dGrad', {
  batch: moreImages(0, 1),
  infer: ([g, indices], { size, ...pooling }) => {
    checkFloats('maxPool2dGrad', g);
    checkRank('maxPool2dGrad', g, 4, 'cotangents [N, C, OH, OW]');
    const shape = [...g.shape.slice(0, 2), ...size];
    checkSame('maxPool2dGrad', 'cotangents', g, pooledShape('maxPool2dGrad', shape, pooling));
    checkSame('maxPool2dGrad', 'indices', indices, g.shape);
    return { shape, dtype: g.dtype };
  },
  lower: { kernel: 'maxPool2dGrad', attributes: numbers, views: asPlanes },
  linearity: 'multilinear',
  vjp: ([u], [, indices]) => [cellsAt(u, indices), null],
  decompose: ([g, indices], { size }) => {
    const cells = takeAlongGrad(flatten(g, 2), flatten(indices, 2), size[0] * size[1]);
    return reshape(cells, [...g.shape.slice(0, 2), ...size]);
  },
  example: { axis: (use) => samePlane({ ...use, first: agreedAxis(use) }) },
});

const maxPool2dOp = defineOp<Pooling>('maxPool2d', {
  batch: moreImages(0),
  infer: ([x], pooling) => {
    const y = pooled('maxPool2d', x, pooling);
    return [y, { shape: y.shape, dtype: 'int32' }];
  },
  lower: { kernel: 'maxPool2d', attributes: numbers, views: asPlanes },
  flops: windowFlops,
  // y[p, o] = x[p, i[p, o]]: what comes back goes where the largest cell was.
  vjp: ([g], [x], [, indices], pooling) => [
    single(maxPool2dGradOp([g, indices], { ...pooling, size: [extent(x.shape, 2), extent(x.shape, 3)] })),
  ],
  jvp: ([dx], _inputs, [, indices]) => [dx && cellsAt(dx, indices), null],
  example: { axis: samePlane },
});

const avgPool2dOp = defineOp<Pooling>('avgPool2d', {
  infer: ([x], pooling) => pooled('avgPool2d', x, pooling),
  lower: { kernel: 'avgPool2d', attributes: numbers, views: asPlanes },
  flops: windowFlops,
  linearity: 'linear',
  vjp: ([g], [x], _outputs, pooling) => [
    spread(g, { ...pooling, size: [extent(x.shape, 2), extent(x.shape, 3)] }),
  ],
  batch: moreImages(0),
  example: { axis: samePlane },
});

const avgPool2dGradOp = defineOp<SizedPooling>('avgPool2dGrad', {
  infer: ([g], { size, ...pooling }) => {
    checkFloats('avgPool2dGrad', g);
    checkRank('avgPool2dGrad', g, 4, 'cotangents [N, C, OH, OW]');
    const shape = [...g.shape.slice(0, 2), ...size];
    checkSame('avgPool2dGrad', 'cotangents', g, pooledShape('avgPool2dGrad', shape, pooling));
    return { shape, dtype: g.dtype };
  },
  lower: { kernel: 'avgPool2dGrad', attributes: numbers, views: asPlanes },
  flops: ([g], _outputs, { kernel }) => sizeOf(g.shape) * sizeOf(kernel),
  linearity: 'linear',
  vjp: ([u], _inputs, _outputs, { kernel, stride, padding }) => [average(u, { kernel, stride, padding })],
  batch: moreImages(0),
  example: { axis: samePlane },
});

const average = (x: Tensor, pooling: Pooling): Tensor => single(avgPool2dOp([x], pooling));
const spread = (g: Tensor, pooling: SizedPooling): Tensor => single(avgPool2dGradOp([g], pooling));

function poolingOf(
  where: string,
  { shape }: Spec,
  options: PoolOptions,
  kinds: Readonly<Record<string, Kind>> = POOL_OPTIONS,
): Pooling {
  checkKinds(where, options, kinds);
  const kernel = pairOf(where, 'kernel', options.kernel, 1);
  const padding = pairOf(where, 'padding', options.padding ?? 0, 0);
  if (padding[0] >= kernel[0] || padding[1] >= kernel[1]) {
    throw new OptionError(
      `${where}: padding must be less than the window, got ${formatShape(padding)} for ${formatShape(kernel)}`,
    );
  }
  const stride = pairOf(where, 'stride', options.stride ?? kernel, 1);
  const sides = (axis: 0 | 1): readonly [number, number] => {
    const [size, low] = [extent(shape, axis - 2), padding[axis]];
    if (options.ceilMode !== true) return [low, low];
    const last = Math.ceil((size + 2 * low - kernel[axis]) / stride[axis]) * stride[axis];
    const begin = last >= size + low ? last - stride[axis] : last;
    return [low, Math.max(low, begin + kernel[axis] - size - low)];
  };
  return { kernel, stride, padding: [sides(0), sides(1)] };
}

/**
 * What makes means over the whole window means over the cells that count: the window's extent over theirs, for every
 * position along one axis. Null where all of them count.
 */
function corrections(
  pooling: Pooling,
  size: number,
  axis: 0 | 1,
  includePad: boolean,
  margin: number,
): number[] | null {
  const [kernel, stride, [low, high]] = [pooling.kernel[axis], pooling.stride[axis], pooling.padding[axis]];
  const count = Math.floor((size + low + high - kernel) / stride) + 1;
  const [first, end] = includePad ? [-low, size + margin] : [0, size];
  const factors = Array.from({ length: count }, (_, o) => {
    const begin = o * stride - low;
    return kernel / (Math.min(begin + kernel, end) - Math.max(begin, first));
  });
  return factors.every((factor) => factor === 1) ? null : factors;
}

/**
 * The largest cell of every window over images [N, C, H, W]; of equals the first counts, NaN beats all, and padding never
 * wins. The result is [N, C, OH, OW], `OH = floor((H + 2 padding - kernel) / stride) + 1`, or rounded up with `ceilMode`.
 *
 * @example
 * maxPool2d(relu(y), { kernel: 2 });
 * @throws ShapeError when the window does not fit; DTypeError for anything but floats; OptionError for a misspelled or
 *   impossible option.
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  checkTensors('maxPool2d', { x });
  checkKinds('maxPool2d', options, POOL_OPTIONS);
  return maxPool2dWithIndices(x, options).y;
}

/** `maxPool2d` and where in its plane, `row W + column` as int32, every largest cell is. */
export function maxPool2dWithIndices(
  x: Tensor,
  options: PoolOptions,
): { readonly y: Tensor; readonly indices: Tensor } {
  checkTensors('maxPool2dWithIndices', { x });
  checkKinds('maxPool2dWithIndices', options, POOL_OPTIONS);
  checkRank('maxPool2d', x, 4, 'images [N, C, H, W]');
  const [y, indices] = several(maxPool2dOp([x], poolingOf('maxPool2d', x, options)));
  return { y, indices };
}

/**
 * The mean of every window over images [N, C, H, W]; cells of the padding count as zeros unless `countIncludePad` is false.
 * Shapes as in `maxPool2d`.
 *
 * @throws ShapeError, DTypeError and OptionError as `maxPool2d` does.
 */
export function avgPool2d(x: Tensor, options: AvgPoolOptions): Tensor {
  checkTensors('avgPool2d', { x });
  checkKinds('avgPool2d', options, AVG_POOL_OPTIONS);
  checkRank('avgPool2d', x, 4, 'images [N, C, H, W]');
  const pooling = poolingOf('avgPool2d', x, options, AVG_POOL_OPTIONS);
  const means = average(x, pooling);
  const corrected = (y: Tensor, axis: 0 | 1): Tensor => {
    const size = extent(x.shape, 2 + axis);
    const factors = corrections(
      pooling,
      size,
      axis,
      options.countIncludePad ?? true,
      pooling.padding[axis][0],
    );
    if (!factors) return y;
    const shape = axis === 0 ? [factors.length, 1] : [factors.length];
    return mul(y, tensor(factors, { dtype: y.dtype, shape }));
  };
  return corrected(corrected(means, 0), 1);
}
