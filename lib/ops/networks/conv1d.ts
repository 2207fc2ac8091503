import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { checkRank } from '../floats';
import { expandDims, flatten } from '../shape/reshape';
import { conv2d } from './conv2d';
import { convTranspose2d } from './convTranspose2d';
import { pairOf, type Sides } from './window';

// A sequence is an image of height 1.

/** Zeros before and after a sequence, alike or one number each. */
export type SequencePadding = number | readonly [left: number, right: number];

export interface Conv1dOptions {
  /** Cells from one window to the next. Default 1. */
  readonly stride?: number;
  /** Zeros around the sequence; `valid` is 0, and `same` gives `ceil(L / stride)` positions. Default 0. */
  readonly padding?: SequencePadding | 'same' | 'valid';
  /** Cells from one tap of the window to the next. Default 1. */
  readonly dilation?: number;
  /** How many groups channels and outputs divide into. Default 1. */
  readonly groups?: number;
  /** [O], added to every output channel. Default none. */
  readonly bias?: Tensor;
}

const CONV1D_OPTIONS: Kinds<Conv1dOptions> = {
  stride: 'number',
  padding: 'any',
  dilation: 'number',
  groups: 'number',
  bias: 'tensor',
};

const sides = (where: string, padding: SequencePadding): Sides => [
  [0, 0],
  pairOf(where, 'padding', padding, 0),
];

const sharedOptions = (
  groups: number | undefined,
  bias: Tensor | undefined,
): { groups?: number; bias?: Tensor } => ({
  ...(groups === undefined ? {} : { groups }),
  ...(bias ? { bias } : {}),
});

/**
 * One-dimensional convolution (cross-correlation) of sequences x [N, C, L] with a weight w [O, C / groups, k]; the result is
 * [N, O, OL]. See `conv2d`.
 *
 * @throws ShapeError when channels disagree or the window does not fit; DTypeError unless all have one float dtype;
 *   OptionError for a misspelled or impossible option.
 */
export function conv1d(x: Tensor, w: Tensor, options: Conv1dOptions = {}): Tensor {
  checkTensors('conv1d', { x, w });
  checkKinds('conv1d', options, CONV1D_OPTIONS);
  const { stride = 1, padding = 0, dilation = 1, groups, bias } = options;
  checkRank('conv1d', x, 3, 'sequences [N, C, L]');
  checkRank('conv1d', w, 3, 'a weight [O, C / groups, k]');
  const y = conv2d(expandDims(x, 2), expandDims(w, 2), {
    stride: [1, stride],
    padding: typeof padding === 'string' ? padding : sides('conv1d', padding),
    dilation: [1, dilation],
    ...sharedOptions(groups, bias),
  });
  return flatten(y, 2);
}

export interface ConvTranspose1dOptions {
  /** Cells of the result from one cell of x to the next. Default 1. */
  readonly stride?: number;
  /** Cells cut off the result. Default 0. */
  readonly padding?: SequencePadding;
  /** Cells added after the last one of the result; less than the stride. Default 0. */
  readonly outputPadding?: number;
  /** Cells from one tap of the window to the next. Default 1. */
  readonly dilation?: number;
  /** How many groups channels and outputs divide into. Default 1. */
  readonly groups?: number;
  /** [O], added to every output channel. Default none. */
  readonly bias?: Tensor;
}

const CONV_TRANSPOSE1D_OPTIONS: Kinds<ConvTranspose1dOptions> = {
  stride: 'number',
  padding: 'numbers',
  outputPadding: 'number',
  dilation: 'number',
  groups: 'number',
  bias: 'tensor',
};

/**
 * Transposed convolution of sequences x [N, C, L] with a weight w [C, O / groups, k]; the result is [N, O, OL],
 * `OL = (L - 1) stride - left - right + dilation (k - 1) + 1 + outputPadding`. See `convTranspose2d`.
 *
 * @throws ShapeError, DTypeError and OptionError as `convTranspose2d` does.
 */
export function convTranspose1d(x: Tensor, w: Tensor, options: ConvTranspose1dOptions = {}): Tensor {
  checkTensors('convTranspose1d', { x, w });
  checkKinds('convTranspose1d', options, CONV_TRANSPOSE1D_OPTIONS);
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups, bias } = options;
  checkRank('convTranspose1d', x, 3, 'sequences [N, C, L]');
  checkRank('convTranspose1d', w, 3, 'a weight [C, O / groups, k]');
  const y = convTranspose2d(expandDims(x, 2), expandDims(w, 2), {
    stride: [1, stride],
    padding: sides('convTranspose1d', padding),
    outputPadding: [0, outputPadding],
    dilation: [1, dilation],
    ...sharedOptions(groups, bias),
  });
  return flatten(y, 2);
}
