import type { Parameters } from '../../../graph/parameters';
import { extent } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { add, div, sub } from '../../../ops/elementwise/arithmetic';
import { conv2d } from '../../../ops/networks/conv2d';
import { matmul } from '../../../ops/products/matmul';
import { reshape } from '../../../ops/shape/reshape';
import { transpose } from '../../../ops/shape/transpose';
import { tensor } from '../../../graph/create';

/** Layers as the weights of face-api.js have them: windows are stored [kh, kw, in, out]. Images here are [N, C, H, W]. */
export class FaceLayers {
  constructor(readonly parameters: Parameters) {}

  /** A convolution with its bias, named `filters` and `bias` below the path. */
  conv(x: Tensor, path: string, stride = 1, padding: 'same' | 'valid' = 'same'): Tensor {
    const filters = transpose(this.parameters.get(`${path}/filters`), [3, 2, 0, 1]);
    return conv2d(x, filters, { stride, padding, bias: this.parameters.get(`${path}/bias`) });
  }

  /** One window per channel, then a mix of channels. */
  separable(x: Tensor, path: string, stride = 1): Tensor {
    const depthwise = transpose(this.parameters.get(`${path}/depthwise_filter`), [2, 3, 0, 1]);
    const pointwise = transpose(this.parameters.get(`${path}/pointwise_filter`), [3, 2, 0, 1]);
    const apart = conv2d(x, depthwise, { stride, padding: 'same', groups: extent(depthwise.shape, 0) });
    return conv2d(apart, pointwise, { bias: this.parameters.get(`${path}/bias`) });
  }

  /** x W + b with a weight [in, out]. */
  full(x: Tensor, path: string): Tensor {
    return add(matmul(x, this.parameters.get(`${path}/weights`)), this.parameters.get(`${path}/bias`));
  }
}

/** Pixels less the mean colour, divided by 255. */
export function normalizedPixels(pixels: Tensor, mean: readonly [number, number, number]): Tensor {
  return div(sub(pixels, reshape(tensor([...mean]), [1, 3, 1, 1])), 255);
}

/** The colour that all networks but the detector take as the middle. */
export const FACE_MEAN = [122.782, 117.001, 104.298] as const;
