import { ShapeError } from '../../errors';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { broadcastTo } from '../reduce/sum';
import { concat } from './concat';
import { flip } from './flip';
import { slice } from './slice';

/** Margins that are made of the tensor's own elements. */
export type MarginMode = 'reflect' | 'edge' | 'circular';

/** Margins of `low` and `high` entries of one axis: the entries beside it, and what lies between the margins. */
type Margins = (x: Tensor, axis: number, low: number, high: number) => Tensor[];

const stretch = (x: Tensor, axis: number, start: number, stop: number): Tensor => {
  const before = Array<undefined>(axis).fill(undefined);
  return slice(x, { starts: [...before, start], stops: [...before, stop] });
};

/** How many entries each mode can add to an axis of n. */
const most: Record<MarginMode, (n: number) => number> = {
  reflect: (n) => n - 1,
  edge: (n) => (n === 0 ? 0 : Infinity),
  circular: (n) => n,
};

const modes: Record<MarginMode, Margins> = {
  // c b | a b c d | c b
  reflect: (x, axis, low, high) => {
    const n = extent(x.shape, axis);
    const mirrored = (start: number, stop: number): Tensor => flip(stretch(x, axis, start, stop), { axis });
    return [mirrored(1, low + 1), x, mirrored(n - 1 - high, n - 1)];
  },
  // a a | a b c d | d d
  edge: (x, axis, low, high) => {
    const n = extent(x.shape, axis);
    const repeated = (entry: number, times: number): Tensor =>
      broadcastTo(
        stretch(x, axis, entry, entry + 1),
        x.shape.map((own, i) => (i === axis ? times : own)),
      );
    return [repeated(0, low), x, repeated(n - 1, high)];
  },
  // c d | a b c d | a b
  circular: (x, axis, low, high) => {
    const n = extent(x.shape, axis);
    return [stretch(x, axis, n - low, n), x, stretch(x, axis, 0, high)];
  },
};

/** Adds margins to one axis after the other, so that corners are margins of margins. */
export function withMargins(
  x: Tensor,
  amounts: readonly (readonly [low: number, high: number])[],
  mode: MarginMode,
): Tensor {
  return amounts.reduce((y, [low, high], axis) => {
    const limit = most[mode](extent(y.shape, axis));
    if (Math.max(low, high) > Math.max(0, limit)) {
      throw new ShapeError(
        `pad: ${mode} adds at most ${limit} entries to axis ${axis} of ${formatShape(x.shape)}, got [${low}, ${high}]`,
      );
    }
    if (low + high === 0) return y;
    const parts = modes[mode](y, axis, low, high).filter((part) => part.shape[axis] !== 0);
    return concat(parts, { axis });
  }, x);
}
