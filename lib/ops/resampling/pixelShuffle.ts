import { ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { checkRank } from '../floats';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';

/**
 * Channels to space (Shi et al. 2016): x [N, C r^2, H, W] to [N, C, H r, W r], where channel `c r^2 + i r + j` gives the
 * cells at row i and column j of every block of r x r.
 *
 * @throws ShapeError unless r^2 divides the channels.
 */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  checkTensors('pixelShuffle', { x });
  checkRank('pixelShuffle', x, 4, 'images [N, C r^2, H, W]');
  checkFactor('pixelShuffle', factor);
  const [n, channels, height, width] = x.shape as readonly [number, number, number, number];
  const outputs = channels / (factor * factor);
  if (!Number.isInteger(outputs)) {
    throw new ShapeError(
      `pixelShuffle: channels divisible by ${factor * factor} expected, got ${formatShape(x.shape)}`,
    );
  }
  const blocks = reshape(x, [n, outputs, factor, factor, height, width]);
  return reshape(transpose(blocks, [0, 1, 4, 2, 5, 3]), [n, outputs, height * factor, width * factor]);
}

/**
 * Space to channels, the inverse of `pixelShuffle`: x [N, C, H r, W r] to [N, C r^2, H, W].
 *
 * @throws ShapeError unless r divides height and width.
 */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  checkTensors('pixelUnshuffle', { x });
  checkRank('pixelUnshuffle', x, 4, 'images [N, C, H r, W r]');
  checkFactor('pixelUnshuffle', factor);
  const [n, channels, tall, wide] = x.shape as readonly [number, number, number, number];
  const [height, width] = [tall / factor, wide / factor];
  if (!Number.isInteger(height) || !Number.isInteger(width)) {
    throw new ShapeError(
      `pixelUnshuffle: height and width divisible by ${factor} expected, got ${formatShape(x.shape)}`,
    );
  }
  const blocks = reshape(x, [n, channels, height, factor, width, factor]);
  return reshape(transpose(blocks, [0, 1, 3, 5, 2, 4]), [n, channels * factor * factor, height, width]);
}

function checkFactor(where: string, factor: number): void {
  if (!Number.isSafeInteger(factor) || factor < 1) {
    throw new ShapeError(`${where}: a factor is a positive integer, got ${factor}`);
  }
}
