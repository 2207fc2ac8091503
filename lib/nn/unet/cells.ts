import type { Tensor } from '../../graph/tensor';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';

/** The cells of images [N, C, H, W] as steps, [N, H W, C]. */
export const stepsOf = (x: Tensor): Tensor => {
  const [examples = 0, channels = 0, height = 0, width = 0] = x.shape;
  return transpose(reshape(x, [examples, channels, height * width]), [0, 2, 1]);
};

/** Steps [N, H W, C] as images of the shape of these. */
export const imageOf = (steps: Tensor, { shape }: Tensor): Tensor =>
  reshape(transpose(steps, [0, 2, 1]), shape);
