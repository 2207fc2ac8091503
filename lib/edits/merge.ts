import { checkOptions, OptionError, PalimpsestError, unexpected } from '../errors';
import { evaluate } from '../graph/evaluate';
import type { RunOptions, Tensor } from '../graph/tensor';
import { add, cast, div, equal, greater, mul, notEqual } from '../ops/elementwise/arithmetic';
import { logicalAnd, where } from '../ops/elementwise/math';
import { sum } from '../ops/reduce/sum';
import { checkSameParameter } from './compose';
import { densePart, type Part } from './part';
import { materialized } from './partMath';
import { checkDelta, WeightDelta } from './weightDelta';

/** How two changes get in each other's way in one parameter. */
export interface Conflict {
  readonly name: string;
  /** The places of the two changes in the list that was merged. */
  readonly between: readonly [first: number, second: number];
  /** Entries that both change. */
  readonly overlap: number;
  /** Those of them that they change in opposite directions. */
  readonly opposed: number;
  /** `<A, B> / (|A| |B|)`; -1 undoes, 1 doubles. */
  readonly cosine: number;
}

export interface MergeOptions {
  /**
   * What an entry gets that several changes touch: their `'sum'` (default), the `'mean'` of those that touch it, that of the
   * `'first'` or of the `'last'` of them; `'error'` refuses.
   */
  readonly onConflict?: 'sum' | 'mean' | 'first' | 'last' | 'error';
}

export interface Merged {
  readonly delta: WeightDelta;
  /** One entry for every pair of changes and every parameter where they overlap. */
  readonly conflicts: readonly Conflict[];
}

const RULES = ['sum', 'mean', 'first', 'last', 'error'];

/**
 * Several changes of one model as one, with a report of where they get in each other's way.
 *
 * @example
 * const { delta, conflicts } = await mergeDeltas([forgetAnna, forgetBert], { onConflict: 'mean' });
 * @throws OptionError; PalimpsestError ERR_VALUE when they conflict under `onConflict: 'error'`; ShapeError or DTypeError when
 *   they are not of one model.
 */
export async function mergeDeltas(
  deltas: readonly WeightDelta[],
  options: MergeOptions = {},
  run: RunOptions = {},
): Promise<Merged> {
  const given: unknown = deltas;
  if (!Array.isArray(given)) throw unexpected('mergeDeltas', 'an array of changes', given);
  for (const delta of given) checkDelta('mergeDeltas', delta);
  checkOptions('mergeDeltas', options, ['onConflict']);
  const { onConflict = 'sum' } = options;
  if (!RULES.includes(onConflict))
    throw new OptionError(`mergeDeltas: onConflict must be ${RULES.join(' or ')}, got '${onConflict}'`);
  const conflicts = await conflictsBetween(deltas, run);
  const [first] = conflicts;
  if (onConflict === 'error' && first) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `mergeDeltas: changes ${first.between.join(' and ')} both touch ${first.overlap} entries of '${first.name}'`,
    );
  }
  if (onConflict === 'sum' || onConflict === 'error') {
    let delta = new WeightDelta([]);
    for (const next of deltas) delta = await delta.compose(next, run);
    return { delta, conflicts };
  }
  const names = [...new Set(deltas.flatMap((delta) => delta.names))];
  const merged = names.map((name) => {
    const parts = deltas.filter((delta) => delta.has(name)).map((delta) => delta.get(name));
    const [only, ...others] = parts;
    return [name, only && others.length === 0 ? only : resolved(parts, onConflict)] as const;
  });
  const delta = new WeightDelta(merged);
  await evaluate(
    names.map((name) => delta.materialize(name)),
    run,
  );
  return { delta, conflicts };
}

/** Every pair of changes, in every parameter where both change an entry. */
async function conflictsBetween(deltas: readonly WeightDelta[], run: RunOptions): Promise<Conflict[]> {
  const conflicts: Conflict[] = [];
  for (const [i, a] of deltas.entries()) {
    for (const [j, b] of deltas.entries()) {
      for (const name of j > i ? a.names.filter((own) => b.has(own)) : []) {
        checkSameParameter(name, a.get(name), b.get(name));
        const { overlap, cosine, opposed } = await compared(a.get(name), b.get(name), run);
        if (overlap > 0) conflicts.push({ name, between: [i, j], overlap, opposed, cosine });
      }
    }
  }
  return conflicts;
}

async function compared(
  a: Part,
  b: Part,
  run: RunOptions,
): Promise<Pick<Conflict, 'overlap' | 'opposed' | 'cosine'>> {
  const [x, y] = [a, b].map((part) => cast(materialized(part), 'float64')) as [Tensor, Tensor];
  const count = (condition: Tensor): Tensor => sum(cast(condition, 'float64'));
  const both = logicalAnd(notEqual(x, 0), notEqual(y, 0));
  const opposite = logicalAnd(both, notEqual(greater(x, 0), greater(y, 0)));
  const results = [count(both), count(opposite), sum(mul(x, y)), sum(mul(x, x)), sum(mul(y, y))];
  await evaluate(results, run);
  const [overlap = 0, opposed = 0, dot = 0, xx = 0, yy = 0] = await Promise.all(
    results.map((result) => result.item()),
  );
  return { overlap, opposed, cosine: dot / Math.sqrt(xx * yy) };
}

/** One dense change, entry by entry as the rule says. An entry is touched by a change that is not zero there. */
function resolved(parts: readonly Part[], rule: 'mean' | 'first' | 'last'): Part {
  const all = parts.map(materialized);
  if (rule === 'mean') {
    const touching = all.map((values) => cast(notEqual(values, 0), values.dtype)).reduce(add);
    return densePart(div(all.reduce(add), add(touching, cast(equal(touching, 0), touching.dtype))));
  }
  const [start, ...rest] = (rule === 'first' ? all : all.reverse()) as [Tensor, ...Tensor[]];
  const values = rest.reduce((kept, next) => where(notEqual(kept, 0), kept, next), start);
  return densePart(values);
}
