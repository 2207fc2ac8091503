import { checkOptions, DTypeError, OptionError, ShapeError } from '../errors';
import { isFloat } from '../graph/dtype';
import { tensor } from '../graph/create';
import { evaluate } from '../graph/evaluate';
import type { Parameters } from '../graph/parameters';
import { formatShape, sameShape, type Shape } from '../graph/shape';
import type { RunOptions, Tensor } from '../graph/tensor';
import { sub } from '../ops/elementwise/arithmetic';
import { take } from '../ops/indexing/take';
import { flatten } from '../ops/shape/reshape';
import { densePart, maskedPart, rowsPart, type Part } from './part';
import { WeightDelta } from './weightDelta';

export interface BetweenOptions {
  /**
   * The form of every part. `'smallest'` (default): rows, single entries or dense, whichever takes the fewest bytes.
   */
  readonly form?: 'smallest' | 'dense';
}

/**
 * What was added on the way from one set of parameters to another: `after - before` where they differ. Parameters that do not
 * differ have no part. Applying it to `before` gives `after` up to the rounding of one subtraction and one addition; what
 * restores bits is `AppliedDelta.revert` and the ledger.
 *
 * @throws OptionError; ShapeError or DTypeError when they are not of one model; AbortedError.
 */
export async function deltaBetween(
  before: Parameters,
  after: Parameters,
  options: BetweenOptions = {},
  run: RunOptions = {},
): Promise<WeightDelta> {
  checkOptions('deltaBetween', options, ['form']);
  const { form = 'smallest' } = options;
  if (form !== 'smallest' && form !== 'dense')
    throw new OptionError(`deltaBetween: form must be smallest or dense, got '${String(form)}'`);
  const parts: (readonly [string, Part])[] = [];
  for (const [name, old] of before) {
    const now = after.get(name);
    if (now === old) continue;
    checkSameKind(name, old, now);
    const difference = sub(now, old);
    await evaluate(difference, run);
    const part = await partOf(difference, form);
    if (part) parts.push([name, part]);
  }
  const delta = new WeightDelta(parts);
  await evaluate(
    parts.map(([, part]) => ('values' in part ? part.values : [])),
    run,
  );
  return delta;
}

/** The difference in the form asked for; undefined when there is none. */
async function partOf(difference: Tensor, form: 'smallest' | 'dense'): Promise<Part | undefined> {
  const { shape, size } = difference;
  const data = await difference.data<'float64' | 'float32'>();
  const entries = positionsOf(data, (value) => value !== 0);
  if (entries.length === 0) return undefined;
  const rowSize = size / Math.max(1, shape[0] ?? 1);
  const rows = Int32Array.from(new Set(entries.map((position) => Math.floor(position / rowSize))));
  const bytes = (values: number, indices: number): number =>
    (values * difference.bytes) / size + indices * Int32Array.BYTES_PER_ELEMENT;
  const costs = { dense: bytes(size, 0), rows: bytes(rows.length * rowSize, rows.length) };
  const masked = bytes(entries.length, entries.length);
  if (form === 'dense' || costs.dense <= Math.min(costs.rows, masked)) return densePart(difference);
  return costs.rows <= masked && shape.length > 1
    ? rowsOf(difference, shape, rows)
    : maskedPart(shape, tensor(entries), take(flatten(difference), tensor(entries)));
}

const rowsOf = (difference: Tensor, shape: Shape, rows: Int32Array): Part =>
  rowsPart(shape, tensor(rows), take(difference, tensor(rows)));

function positionsOf(
  data: Float32Array | Float64Array,
  passes: (value: number) => boolean,
): Int32Array<ArrayBuffer> {
  const positions: number[] = [];
  for (let i = 0; i < data.length; i++) if (passes(data[i] ?? 0)) positions.push(i);
  return Int32Array.from(positions);
}

function checkSameKind(name: string, old: Tensor, now: Tensor): void {
  if (!sameShape(old.shape, now.shape)) {
    const shapes = `${formatShape(old.shape)} before and ${formatShape(now.shape)} after`;
    throw new ShapeError(`deltaBetween: '${name}' has shape ${shapes}`);
  }
  if (old.dtype !== now.dtype || !isFloat(old.dtype))
    throw new DTypeError(
      `deltaBetween: '${name}' of one float dtype expected, got ${old.dtype} and ${now.dtype}`,
    );
}
