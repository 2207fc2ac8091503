import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add } from '../elementwise/arithmetic';
import { checkFloats, checkRank, checkSame } from '../floats';
import { reshape } from '../shape/reshape';
import { conv2dInputGrad } from './conv2d';
import { geometryOf, pairOf, type Pair, type Sides } from './window';

export interface ConvTranspose2dOptions {
  /** Cells of the result from one cell of x to the next. Default 1. */
  readonly stride?: Pair;
  /** Cells cut off the result: those that the convolution from it to x would have padded. Default 0. */
  readonly padding?: Pair | Sides;
  /** Cells added after the last row and column of the result; less than the stride. Default 0. */
  readonly outputPadding?: Pair;
  /** Cells from one tap of the window to the next. Default 1. */
  readonly dilation?: Pair;
  /** How many groups channels and outputs divide into. Default 1. */
  readonly groups?: number;
  /** [O], added to every output channel. Default none. */
  readonly bias?: Tensor;
}

const CONV_TRANSPOSE2D_OPTIONS: Kinds<ConvTranspose2dOptions> = {
  stride: 'numbers',
  padding: 'any',
  outputPadding: 'numbers',
  dilation: 'numbers',
  groups: 'number',
  bias: 'tensor',
};

/**
 * Transposed convolution of images x [N, C, H, W] with a weight w [C, O / groups, kh, kw] (the layout of PyTorch): the
 * transposed map of `conv2d` from O to C channels. The result is [N, O, OH, OW], `OH = (H - 1) stride - top - bottom +
 * dilation (kh - 1) + 1 + outputPadding`.
 *
 * @example
 * convTranspose2d(x, w, { stride: 2, padding: 1, outputPadding: 1 });      // twice the size for a window of 3
 * @throws ShapeError when channels disagree or the result would have no size; DTypeError unless all have one float dtype;
 *   OptionError for a misspelled or impossible option.
 */
export function convTranspose2d(x: Tensor, w: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  checkTensors('convTranspose2d', { x, w });
  const name = 'convTranspose2d';
  checkKinds(name, options, CONV_TRANSPOSE2D_OPTIONS);
  const { outputPadding = 0, bias, ...sliding } = options;
  checkFloats(name, x, w, ...(bias ? [bias] : []));
  checkRank(name, x, 4, 'images [N, C, H, W]');
  checkRank(name, w, 4, 'a weight [C, O / groups, kh, kw]');
  if (extent(x.shape, 1) !== extent(w.shape, 0)) {
    throw new ShapeError(
      `${name}: images ${formatShape(x.shape)} and weight ${formatShape(w.shape)} disagree about the channels`,
    );
  }
  const { stride, padding, dilation, groups } = geometryOf(name, sliding, { groups: 'number' });
  const extra = pairOf(name, 'outputPadding', outputPadding, 0);
  const along = (axis: 0 | 1): number => {
    if (extra[axis] >= stride[axis]) {
      throw new OptionError(
        `${name}: outputPadding must be less than the stride, got ${formatShape(extra)} for ${formatShape(stride)}`,
      );
    }
    const reach = dilation[axis] * (extent(w.shape, 2 + axis) - 1) + 1;
    const spread = (extent(x.shape, 2 + axis) - 1) * stride[axis] + reach;
    const size = spread - padding[axis][0] - padding[axis][1] + extra[axis];
    if (size < 0 || extent(x.shape, 2 + axis) === 0) {
      throw new ShapeError(`${name}: nothing is left of images ${formatShape(x.shape)} after the padding`);
    }
    return size;
  };
  const size = [along(0), along(1)] as const;
  const y = conv2dInputGrad(x, w, { stride, padding, dilation, groups, size });
  if (!bias) return y;
  checkSame(name, 'a bias', bias, [extent(y.shape, 1)]);
  return add(y, reshape(bias, [bias.size, 1, 1]));
}
