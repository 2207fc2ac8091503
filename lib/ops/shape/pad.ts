import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../../graph/call';
import { movesData } from '../../graph/flops';
import { defineOp, single, type Site } from '../../graph/op';
import { extent, formatShape, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { mapFactors } from '../products/factorAxes';
import { withMargins, type MarginMode } from './margins';
import { slice } from './slice';
import { withAttributes } from '../batchAxes';

const MODES: readonly string[] = ['constant', 'reflect', 'edge', 'circular'];

interface Padding {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly value: number;
}

const padOp = defineOp<Padding>('pad', {
  infer: ([x], { low, high }) => ({
    shape: x.shape.map((own, axis) => extent(low, axis) + own + extent(high, axis)),
    dtype: x.dtype,
  }),
  lower: { kernel: 'pad', takesHalves: true, attributes: ({ low, value }) => [...low, value] },
  flops: movesData,
  // The part of the cotangent that lies over x.
  vjp: ([g], [x], _outputs, { low }) => [inside(g, low, x.shape)],
  // Linear but for the constant, which has no tangent.
  jvp: ([dx], _inputs, _outputs, padding) => [dx && padOf(dx, { ...padding, value: 0 })],
  batch: withAttributes(({ low, high, value }) => ({ low: [0, ...low], high: [0, ...high], value })),
  example: {
    axis: ({ first, attributes: { low, high }, mixes }) =>
      extent(low, first.axis) + extent(high, first.axis) === 0
        ? first
        : mixes('it adds rows to the examples'),
    through: ({ site, inputs: [x], attributes: { low } }) => followed(site, low, x.shape),
  },
});

const padOf = (x: Tensor, padding: Padding): Tensor => single(padOp([x], padding));

const inside = (y: Tensor, low: readonly number[], shape: Shape): Tensor =>
  slice(y, { starts: low, stops: shape.map((own, axis) => extent(low, axis) + own) });

function followed(site: Site, low: readonly number[], shape: Shape): Site | null {
  if (site.kind === 'dense') {
    return {
      kind: 'dense',
      values: inside(site.values, [0, ...low], [extent(site.values.shape, 0), ...shape]),
    };
  }
  if (site.kind !== 'product') return null;
  return mapFactors(site, shape, (factor, axes) => {
    const of = (list: readonly number[]): number[] => axes.map((axis) => extent(list, axis));
    return inside(factor, [0, 0, ...of(low)], [...factor.shape.slice(0, 2), ...of(shape)]);
  });
}

export interface PadOptions {
  /** What stands in the margins with the mode `constant`. Default 0. */
  readonly value?: number;
  /**
   * Where the margins come from: `constant` (default) is `value`; `reflect` mirrors without repeating the border
   * (c b | a b c | b a), `edge` repeats it (a a | a b c | c c), `circular` continues from the other end (b c | a b c | a b).
   */
  readonly mode?: 'constant' | MarginMode;
}

const PAD_OPTIONS: Kinds<PadOptions> = { value: 'number', mode: 'string' };

/**
 * Surrounds a tensor with a constant or with elements of its own: per axis `[low, high]` elements before the first and after
 * the last.
 *
 * @example
 * pad(x, [[0, 0], [1, 2]]);                         // [2, 3] -> [2, 6]
 * @throws ShapeError unless there is one pair of non-negative integers per axis, at most n - 1 for `reflect` on an axis of n
 *   and n for `circular`; OptionError for another mode, or a value without `constant`.
 */
export function pad(
  x: Tensor,
  amounts: readonly (readonly [low: number, high: number])[],
  options: PadOptions = {},
): Tensor {
  checkTensors('pad', { x });
  checkKinds('pad', options, PAD_OPTIONS);
  checkNumbers('pad', 'the amounts', Array.isArray(amounts) ? amounts.flat() : amounts, false);
  const { value, mode = 'constant' } = options;
  const isAmount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
  if (amounts.length !== x.shape.length || !amounts.flat().every(isAmount)) {
    throw new ShapeError(
      `pad: a pair of non-negative integers per axis of ${formatShape(x.shape)} expected, got [${amounts.join('; ')}]`,
    );
  }
  if (!MODES.includes(mode)) throw new OptionError(`pad: mode ${MODES.join(' or ')} expected, got '${mode}'`);
  if (mode !== 'constant' && value !== undefined)
    throw new OptionError(`pad: a value goes with the mode constant, got ${mode}`);
  if (amounts.flat().every((n) => n === 0)) return x;
  if (mode !== 'constant') return withMargins(x, amounts, mode);
  const [low, high] = [amounts.map((pair) => pair[0]), amounts.map((pair) => pair[1])];
  return padOf(x, { low, high, value: value ?? 0 });
}
