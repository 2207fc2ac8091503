import { conv2d, conv2dInputGrad, conv2dWeightGrad } from '../../../lib/ops/networks/conv2d';
import { fold, unfold } from '../../../lib/ops/networks/unfold';
import { floats, multiplyAdds, type Family } from '../row';

// 64 images of 32 channels, 28 x 28; 64 outputs, windows of 3 x 3.
const IMAGES = [64, 32, 28, 28] as const;
const WEIGHT = [64, 32, 3, 3] as const;
const RESULT = [64, 64, 28, 28] as const;
const FLOPS = multiplyAdds(...RESULT, 32 * 3 * 3);
const WINDOW = { kernel: 3, padding: 1 } as const;

/** Convolutions, both of their gradients, and their patches. */
export const convolutions: Family = {
  name: 'convolutions',
  about: '3x3 convolutions of 28x28 images and their transposed maps, which take equally many multiply-adds',
  rows: [
    {
      kernel: 'conv2d',
      detail: '64x32 to 64 channels',
      inputs: [floats(...IMAGES), floats(...WEIGHT)],
      run: ([x, w]) => conv2d(x, w, { padding: 1 }),
      flops: FLOPS,
    },
    {
      kernel: 'conv2d',
      detail: '128x1 to 16 channels',
      inputs: [floats(128, 1, 28, 28), floats(16, 1, 3, 3)],
      run: ([x, w]) => conv2d(x, w, { padding: 1 }),
      flops: multiplyAdds(128, 16, 28 * 28, 9),
    },
    {
      kernel: 'conv2dInputGrad',
      detail: '64x32 to 64 channels',
      inputs: [floats(...RESULT), floats(...WEIGHT)],
      run: ([g, w]) => conv2dInputGrad(g, w, { padding: 1, size: 28 }),
      flops: FLOPS,
    },
    {
      kernel: 'conv2dWeightGrad',
      detail: '64x32 to 64 channels',
      inputs: [floats(...IMAGES), floats(...RESULT)],
      run: ([x, g]) => conv2dWeightGrad(x, g, WINDOW),
      flops: FLOPS,
    },
    {
      kernel: 'conv2d',
      detail: 'depthwise, 256 channels',
      inputs: [floats(16, 256, 56, 56), floats(256, 1, 3, 3)],
      run: ([x, w]) => conv2d(x, w, { padding: 1, groups: 256 }),
      flops: multiplyAdds(16, 256, 56 * 56, 9),
    },
    {
      kernel: 'conv2dInputGrad',
      detail: 'depthwise, 256 channels',
      inputs: [floats(16, 256, 56, 56), floats(256, 1, 3, 3)],
      run: ([g, w]) => conv2dInputGrad(g, w, { padding: 1, groups: 256, size: 56 }),
      flops: multiplyAdds(16, 256, 56 * 56, 9),
    },
    {
      kernel: 'conv2dWeightGrad',
      detail: 'depthwise, 256 channels',
      inputs: [floats(16, 256, 56, 56), floats(16, 256, 56, 56)],
      run: ([x, g]) => conv2dWeightGrad(x, g, { padding: 1, groups: 256, kernel: 3 }),
      flops: multiplyAdds(16, 256, 56 * 56, 9),
    },
    {
      kernel: 'unfold',
      detail: '3x3',
      inputs: [floats(...IMAGES)],
      run: ([x]) => unfold(x, WINDOW),
    },
    {
      kernel: 'fold',
      detail: '3x3',
      inputs: [floats(64, 28 * 28, 32 * 9)],
      run: ([patches]) => fold(patches, { ...WINDOW, size: 28 }),
    },
  ],
};
