import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { resize } from '../../ops/resampling';
import { layer, type Layer } from '../layer';
import { conv2d } from '../layers/convolutions';

export interface DownsampleOptions {
  /** Zeros around the image, in cells; `after` is one row below and one column to the right, as in latent diffusion's encoder. Default 1. */
  readonly padding?: number | 'after';
}

const AFTER = [
  [0, 1],
  [0, 1],
] as const;

/** Half the height and width: `conv`, 3 x 3 with stride 2. @throws OptionError for an impossible number of channels. */
export function downsample(channels: number, outputs = channels, options: DownsampleOptions = {}): Layer {
  checkOptions('nn.downsample', options, ['padding']);
  const { padding = 1 } = options;
  const window = { kernel: 3, stride: 2, padding: padding === 'after' ? AFTER : padding };
  return layer({ conv: conv2d(channels, outputs, window) }, ({ conv }, x: Tensor) => conv(x));
}

/** Twice the height and width: every cell repeated, then `conv`, 3 x 3. @throws OptionError for an impossible number of channels. */
export const upsample = (channels: number, outputs = channels): Layer =>
  layer({ conv: conv2d(channels, outputs, { kernel: 3, padding: 1 }) }, ({ conv }, x: Tensor) =>
    conv(resize(x, { scale: 2 })),
  );
