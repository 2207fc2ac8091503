import { checkOptions, DTypeError, OptionError, ShapeError } from '../errors';
import { isFloat } from '../graph/dtype';
import { evaluate } from '../graph/evaluate';
import type { Parameters } from '../graph/parameters';
import { formatShape, sameShape } from '../graph/shape';
import type { RunOptions, Tensor } from '../graph/tensor';
import { cast, notEqual, sub } from '../ops/elementwise/arithmetic';
import { nonzero } from '../ops/indexing/masks';
import { take } from '../ops/indexing/take';
import { max } from '../ops/reduce/reduce';
import { flatten, reshape } from '../ops/shape/reshape';
import { densePart, maskedPart, rowsPart, tensorsOfPart, type Part } from './part';
import { WeightDelta } from './weightDelta';

export interface BetweenOptions {
  /**
   * The form of every part. `'smallest'` (default): rows, single entries or dense, whichever takes the fewest bytes.
   */
  readonly form?: 'smallest' | 'dense';
}

const FORMS: readonly string[] = ['smallest', 'dense'];

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
  if (!FORMS.includes(form))
    throw new OptionError(`deltaBetween: form must be smallest or dense, got '${form}'`);
  const parts: (readonly [string, Part])[] = [];
  for (const [name, old] of before) {
    const now = after.get(name);
    if (now === old) continue;
    checkSameKind(name, old, now);
    const difference = sub(now, old);
    await evaluate(difference, run);
    const part = await partOf(difference, form, run);
    if (part) parts.push([name, part]);
  }
  const delta = new WeightDelta(parts);
  await evaluate(
    parts.flatMap(([, part]) => Object.values(tensorsOfPart(part))),
    run,
  );
  return delta;
}

/** The difference in the form asked for; undefined when there is none. */
async function partOf(
  difference: Tensor,
  form: 'smallest' | 'dense',
  run: RunOptions,
): Promise<Part | undefined> {
  const { shape, size, bytes } = difference;
  const differs = notEqual(difference, 0);
  const entries = flatten(await evaluate(await nonzero(flatten(differs), run), run));
  if (entries.size === 0) return undefined;
  const rowSize = size / Math.max(1, shape[0] ?? 1);
  const inRow = max(cast(reshape(differs, [-1, rowSize]), 'int32'), { axis: 1 });
  const rows = flatten(await evaluate(await nonzero(inRow, run), run));
  const cost = (values: number, indices: Tensor): number => (values * bytes) / size + indices.bytes;
  const [asRows, masked] = [cost(rows.size * rowSize, rows), cost(entries.size, entries)];
  if (form === 'dense' || bytes <= Math.min(asRows, masked)) return densePart(difference);
  return asRows <= masked && shape.length > 1
    ? rowsPart(shape, rows, take(difference, rows))
    : maskedPart(shape, entries, take(flatten(difference), entries));
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
