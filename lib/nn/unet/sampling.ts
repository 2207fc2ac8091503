import type { Tensor } from '../../graph/tensor';
import { resize } from '../../ops/resampling';
import { layer, type Layer } from '../layer';
import { conv2d } from '../layers/convolutions';

/** Half the height and width: `conv`, 3 x 3 with stride 2. @throws OptionError for an impossible number of channels. */
export const downsample = (channels: number, outputs = channels): Layer =>
  layer({ conv: conv2d(channels, outputs, { kernel: 3, stride: 2, padding: 1 }) }, ({ conv }, x: Tensor) =>
    conv(x),
  );

/** Twice the height and width: every cell repeated, then `conv`, 3 x 3. @throws OptionError for an impossible number of channels. */
export const upsample = (channels: number, outputs = channels): Layer =>
  layer({ conv: conv2d(channels, outputs, { kernel: 3, padding: 1 }) }, ({ conv }, x: Tensor) =>
    conv(resize(x, { scale: 2 })),
  );
