import { ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape, normalizeAxes, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { reshape } from './reshape';
import { slice } from './slice';
import { transpose } from './transpose';

export interface SqueezeOptions {
  /** The axes to drop, of extent 1. Default: all axes of extent 1. */
  readonly axis?: number | readonly number[];
}

const SQUEEZE_OPTIONS: Kinds<SqueezeOptions> = { axis: 'numbers' };

/**
 * Drops axes of extent 1.
 * @throws ShapeError when a named axis is not there or has another extent.
 */
export function squeeze(x: Tensor, options: SqueezeOptions = {}): Tensor {
  checkTensors('squeeze', { x });
  checkKinds('squeeze', options, SQUEEZE_OPTIONS);
  const { axis } = options;
  const axes =
    axis === undefined
      ? [...x.shape.keys()].filter((i) => x.shape[i] === 1)
      : normalizeAxes('squeeze', axis, x.shape.length);
  const wide = axes.find((i) => x.shape[i] !== 1);
  if (wide !== undefined)
    throw new ShapeError(`squeeze: axis ${wide} of ${formatShape(x.shape)} has not extent 1`);
  return reshape(
    x,
    x.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** Exchanges two axes. @throws ShapeError for an axis that is not there. */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  checkTensors('swapAxes', { x });
  const rank = x.shape.length;
  const [one, other] = [normalizeAxis('swapAxes', a, rank), normalizeAxis('swapAxes', b, rank)];
  const order = [...x.shape.keys()].map((axis) => (axis === one ? other : axis === other ? one : axis));
  return transpose(x, order);
}

export interface UnstackOptions {
  /** The axis to take apart. Default 0. */
  readonly axis?: number;
}

const UNSTACK_OPTIONS: Kinds<UnstackOptions> = { axis: 'number' };

/** The entries of an axis as tensors without it: what `stack` undoes. @throws ShapeError for an axis that is not there. */
export function unstack(x: Tensor, options: UnstackOptions = {}): Tensor[] {
  checkTensors('unstack', { x });
  checkKinds('unstack', options, UNSTACK_OPTIONS);
  const { axis = 0 } = options;
  const at = normalizeAxis('unstack', axis, x.shape.length);
  const before = Array<undefined>(at).fill(undefined);
  return Array.from({ length: extent(x.shape, at) }, (_, i) => {
    const entry = slice(x, { starts: [...before, i], stops: [...before, i + 1] });
    return reshape(
      entry,
      x.shape.filter((_own, axisOf) => axisOf !== at),
    );
  });
}
