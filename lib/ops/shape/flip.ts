import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { normalizeAxes } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { slice } from './slice';

export interface FlipOptions {
  /** The axes to reverse. Default: all. */
  readonly axis?: number | readonly number[];
}

const FLIP_OPTIONS: Kinds<FlipOptions> = { axis: 'numbers' };

/**
 * The elements in reverse order along some axes: `y[i] = x[n - 1 - i]`.
 * @throws ShapeError for an axis that is not there or named twice.
 */
export function flip(x: Tensor, options: FlipOptions = {}): Tensor {
  checkTensors('flip', { x });
  checkKinds('flip', options, FLIP_OPTIONS);
  const { axis } = options;
  const axes = normalizeAxes('flip', axis, x.shape.length);
  return slice(x, { steps: x.shape.map((_, i) => (axes.includes(i) ? -1 : 1)) });
}
