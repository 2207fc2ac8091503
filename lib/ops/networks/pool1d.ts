import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { checkRank } from '../floats';
import { expandDims, flatten } from '../shape/reshape';
import { avgPool2d, maxPool2d } from './pool2d';

// A sequence is an image of height 1.

export interface Pool1dOptions {
  /** Cells of the window. */
  readonly kernel: number;
  /** Cells from one window to the next. Default: the window's size. */
  readonly stride?: number;
  /** Cells on each side of the sequence; less than the window's size. Default 0. */
  readonly padding?: number;
  /** Whether a last window that reaches beyond the sequence counts; see `maxPool2d`. Default false. */
  readonly ceilMode?: boolean;
}

const POOL1D_OPTIONS: Kinds<Pool1dOptions> = {
  kernel: 'number',
  stride: 'number',
  padding: 'number',
  ceilMode: 'boolean',
};

export interface AvgPool1dOptions extends Pool1dOptions {
  /** Whether means count cells of the padding as zeros. Default true, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

const AVG_POOL1D_OPTIONS: Kinds<AvgPool1dOptions> = {
  countIncludePad: 'boolean',
  kernel: 'number',
  stride: 'number',
  padding: 'number',
  ceilMode: 'boolean',
};

const asImageOptions = ({ kernel, stride = kernel, padding = 0, ceilMode = false }: Pool1dOptions) =>
  ({ kernel: [1, kernel], stride: [1, stride], padding: [0, padding], ceilMode }) as const;

/**
 * The largest cell of every window over sequences [N, C, L]. See `maxPool2d`.
 *
 * @throws ShapeError, DTypeError and OptionError as `maxPool2d` does.
 */
export function maxPool1d(x: Tensor, options: Pool1dOptions): Tensor {
  checkTensors('maxPool1d', { x });
  checkKinds('maxPool1d', options, POOL1D_OPTIONS);
  checkRank('maxPool1d', x, 3, 'sequences [N, C, L]');
  return flatten(maxPool2d(expandDims(x, 2), asImageOptions(options)), 2);
}

/**
 * The mean of every window over sequences [N, C, L]. See `avgPool2d`.
 *
 * @throws ShapeError, DTypeError and OptionError as `avgPool2d` does.
 */
export function avgPool1d(x: Tensor, options: AvgPool1dOptions): Tensor {
  checkTensors('avgPool1d', { x });
  checkKinds('avgPool1d', options, AVG_POOL1D_OPTIONS);
  checkRank('avgPool1d', x, 3, 'sequences [N, C, L]');
  const { countIncludePad = true } = options;
  return flatten(avgPool2d(expandDims(x, 2), { ...asImageOptions(options), countIncludePad }), 2);
}
