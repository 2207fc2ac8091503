import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../../graph/call';
import { tensor } from '../../graph/create';
import { PalimpsestError, ShapeError } from '../../errors';
import { extent, formatShape, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { take } from '../indexing/take';
import { broadcastTo } from '../reduce/sum';
import { reshape } from './reshape';

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

function checkCounts(where: string, counts: readonly number[]): void {
  const wrong = counts.find((n) => !isCount(n));
  if (wrong !== undefined)
    throw new PalimpsestError('ERR_ARGUMENT', `${where}: non-negative integers expected, got ${wrong}`);
}

/**
 * The whole tensor laid side by side, so many times along every axis, as NumPy has it: missing leading axes count as
 * extent 1, missing leading repetitions as 1.
 *
 * @example
 * tile(x, [2, 1]);                                  // [3, 4] -> [6, 4]
 * @throws PalimpsestError ERR_ARGUMENT unless the repetitions are non-negative integers.
 */
export function tile(x: Tensor, repetitions: number | readonly number[]): Tensor {
  checkTensors('tile', { x });
  checkNumbers('tile', 'repetitions', repetitions);
  const given = typeof repetitions === 'number' ? [repetitions] : repetitions;
  checkCounts('tile', given);
  const rank = Math.max(given.length, x.shape.length);
  const shape = [...Array<number>(rank - x.shape.length).fill(1), ...x.shape];
  const times = [...Array<number>(rank - given.length).fill(1), ...given];
  const open = reshape(
    x,
    shape.flatMap((own) => [1, own]),
  );
  const spread = broadcastTo(
    open,
    shape.flatMap((own, axis) => [extent(times, axis), own]),
  );
  return reshape(
    spread,
    shape.map((own, axis) => own * extent(times, axis)),
  );
}

export interface RepeatOptions {
  /** The axis whose entries are repeated. Default: all elements in row-major order, as one axis. */
  readonly axis?: number;
}

const REPEAT_OPTIONS: Kinds<RepeatOptions> = { axis: 'number' };

/**
 * Every entry of an axis so many times in a row: one count for all, or one per entry.
 *
 * @example
 * repeat(x, 2, { axis: 0 });                        // rows a b -> a a b b
 * repeat(x, [1, 3], { axis: 0 });                   // rows a b -> a b b b
 * @throws PalimpsestError ERR_ARGUMENT unless the counts are non-negative integers; ShapeError unless there is one count,
 *   or one per entry.
 */
export function repeat(x: Tensor, counts: number | readonly number[], options: RepeatOptions = {}): Tensor {
  checkTensors('repeat', { x });
  checkKinds('repeat', options, REPEAT_OPTIONS);
  checkNumbers('repeat', 'counts', counts);
  const { axis } = options;
  if (axis === undefined) return repeat(reshape(x, [x.size]), counts, { axis: 0 });
  const at = normalizeAxis('repeat', axis, x.shape.length);
  const length = extent(x.shape, at);
  checkCounts('repeat', typeof counts === 'number' ? [counts] : counts);
  if (typeof counts !== 'number') {
    if (counts.length !== length) {
      throw new ShapeError(
        `repeat: one count per entry of axis ${at} of ${formatShape(x.shape)} expected, got ${counts.length}`,
      );
    }
    const entries = counts.flatMap((times, entry) => Array<number>(times).fill(entry));
    return take(x, tensor(Int32Array.from(entries)), { axis: at });
  }
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)];
  const spread = broadcastTo(reshape(x, [...before, length, 1, ...after]), [
    ...before,
    length,
    counts,
    ...after,
  ]);
  return reshape(spread, [...before, length * counts, ...after]);
}
