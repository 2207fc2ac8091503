import { checkOptions, DTypeError, OptionError, PalimpsestError, ShapeError } from '../errors';
import { isFloat } from '../graph/dtype';
import { evaluate } from '../graph/evaluate';
import { checkParameters, type Parameters } from '../graph/parameters';
import { formatShape, sameShape } from '../graph/shape';
import type { RunOptions, Tensor } from '../graph/tensor';
import { cast, notEqual, sub } from '../ops/elementwise/arithmetic';
import { nonzero } from '../ops/indexing/masks';
import { take } from '../ops/indexing/take';
import { max } from '../ops/reduce/reduce';
import { flatten, reshape } from '../ops/shape/reshape';
import { columnsPart, densePart, maskedPart, rowsPart, tensorsOfPart, type Part } from './part';
import { WeightDelta } from './weightDelta';

export interface BetweenOptions {
  /**
   * The form of every part. `'smallest'` (default): rows, columns, single entries or dense, whichever takes the fewest bytes.
   */
  readonly form?: 'smallest' | 'dense';
}

const FORMS: readonly string[] = ['smallest', 'dense'];

/**
 * What was added on the way from one set of parameters to another: `after - before` where they differ. Parameters that do not
 * differ have no part. Applying it to `before` gives `after` up to the rounding of one subtraction and one addition; what
 * restores bits is `AppliedDelta.revert` and the ledger.
 *
 * @throws OptionError; ShapeError, DTypeError or PalimpsestError ERR_PARAMETER when they are not of one model; AbortedError.
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
  checkParameters('deltaBetween: before', before);
  checkParameters('deltaBetween: after', after);
  const added = after.names.find((name) => !before.has(name));
  if (added !== undefined)
    throw new PalimpsestError('ERR_PARAMETER', `deltaBetween: '${added}' is after the change and not before`);
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
  const changed = cast(reshape(differs, [-1, rowSize]), 'int32');
  const placesOf = async (any: Tensor): Promise<Tensor> =>
    flatten(await evaluate(await nonzero(any, run), run));
  const rows = await placesOf(max(changed, { axis: 1 }));
  // Columns are of a matrix; of more axes they would be the channels of every row.
  const columns = shape.length === 2 ? await placesOf(max(changed, { axis: 0 })) : undefined;
  const cost = (values: number, indices: Tensor): number => (values * bytes) / size + indices.bytes;
  const asRows = shape.length > 1 ? cost(rows.size * rowSize, rows) : Infinity;
  const asColumns = columns ? cost(columns.size * (shape[0] ?? 0), columns) : Infinity;
  const masked = cost(entries.size, entries);
  const least = Math.min(asRows, asColumns, masked);
  if (form === 'dense' || bytes <= least) return densePart(difference);
  if (asRows === least) return rowsPart(shape, rows, take(difference, rows));
  if (columns && asColumns === least)
    return columnsPart(shape, columns, take(difference, columns, { axis: 1 }));
  return maskedPart(shape, entries, take(flatten(difference), entries));
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
