import { checkNumbers } from '../../../graph/call';
import { describe, isList, PalimpsestError } from '../../../errors';
import type { Equation, Label } from './labels';

/** Which two operands are contracted next: places in the list, from which both leave and to whose end the result comes. */
export type ContractionStep = readonly [number, number];

/** The order of the contractions. */
export type ContractionPath = readonly ContractionStep[];

/** As many operands have the cheapest of all orders; more are paired greedily. */
const MOST_EXHAUSTIVE = 6;

type Names = ReadonlySet<Label>;

const union = (a: Names, b: Names): Names => new Set([...a, ...b]);

/** The cheapest order by the number of multiplications, exact for few operands, greedy for many. */
export function contractionPath({ inputs, output, sizes }: Equation): ContractionPath {
  const terms = inputs.map((labels): Names => new Set(labels));
  const sizeOf = (names: Iterable<Label>): number =>
    [...names].reduce((size, label) => size * (sizes.get(label) ?? 1), 1);
  return terms.length <= MOST_EXHAUSTIVE ? cheapest(terms, output, sizeOf) : greedy(terms, output, sizeOf);
}

/** What remains of a group of operands once they are contracted: the names that others or the result have. */
const remaining = (group: readonly Names[], others: readonly Names[], output: readonly Label[]): Names => {
  const outside = new Set([...others.flatMap((names) => [...names]), ...output]);
  return new Set(group.flatMap((names) => [...names]).filter((label) => outside.has(label)));
};

interface Plan {
  readonly cost: number;
  /** Undefined for a single operand. */
  readonly parts?: readonly [number, number];
}

/** Dynamic programming over sets of operands, numbered by their bits. */
function cheapest(
  terms: readonly Names[],
  output: readonly Label[],
  sizeOf: (names: Iterable<Label>) => number,
): ContractionPath {
  const all = (1 << terms.length) - 1;
  const membersOf = (set: number): Names[] => terms.filter((_, i) => (set >> i) & 1);
  const names = Array.from({ length: all + 1 }, (_, set) =>
    remaining(membersOf(set), membersOf(all & ~set), output),
  );
  const plans: Plan[] = [{ cost: 0 }];
  for (let set = 1; set <= all; set++) {
    let best: Plan = { cost: (set & (set - 1)) === 0 ? 0 : Infinity };
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      const rest = set & ~part;
      if (part < rest) break;
      const work = sizeOf(union(names[part] ?? new Set(), names[rest] ?? new Set()));
      const cost = work + (plans[part]?.cost ?? 0) + (plans[rest]?.cost ?? 0);
      if (cost < best.cost) best = { cost, parts: [part, rest] };
    }
    plans.push(best);
  }
  const places = terms.map((_, i) => 1 << i);
  const path: ContractionStep[] = [];
  const build = (set: number): void => {
    const parts = plans[set]?.parts;
    if (!parts) return;
    parts.forEach(build);
    const [first, second] = parts.map((part) => places.indexOf(part)) as [number, number];
    path.push([Math.min(first, second), Math.max(first, second)]);
    places.splice(Math.max(first, second), 1);
    places.splice(Math.min(first, second), 1);
    places.push(set);
  };
  build(all);
  return path;
}

/** Always the pair whose result is smallest beside what it replaces; of equals the one that costs least. */
function greedy(
  terms: readonly Names[],
  output: readonly Label[],
  sizeOf: (names: Iterable<Label>) => number,
): ContractionPath {
  const left = [...terms];
  const path: ContractionStep[] = [];
  while (left.length > 1) {
    let best: { pair: ContractionStep; growth: number; work: number; names: Names } | undefined;
    left.forEach((b, j) => {
      left.slice(0, j).forEach((a, i) => {
        const others = left.filter((_, k) => k !== i && k !== j);
        const names = remaining([a, b], others, output);
        const growth = sizeOf(names) - sizeOf(a) - sizeOf(b);
        const work = sizeOf(union(a, b));
        if (!best || growth < best.growth || (growth === best.growth && work < best.work))
          best = { pair: [i, j], growth, work, names };
      });
    });
    if (!best) break;
    const [i, j] = best.pair;
    path.push(best.pair);
    left.splice(j, 1);
    left.splice(i, 1);
    left.push(best.names);
  }
  return path;
}

/** Throws unless the path contracts so many operands into one. */
export function checkPath(path: ContractionPath, operands: number): void {
  if (!isList(path))
    throw new PalimpsestError('ERR_ARGUMENT', `einsum: a path is an array of pairs, got ${describe(path)}`);
  let left = operands;
  for (const pair of path) {
    checkNumbers('einsum', 'a step of the path', pair, false);
    const [first, second] = pair;
    const isPlace = (place: number): boolean => Number.isInteger(place) && place >= 0 && place < left;
    if (!isPlace(first) || !isPlace(second) || first === second) {
      throw new PalimpsestError(
        'ERR_ARGUMENT',
        `einsum: path: two places below ${left} expected, got [${first}, ${second}]`,
      );
    }
    left -= 1;
  }
  if (left !== 1 && operands > 0) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `einsum: path: ${operands - 1} steps expected for ${operands} operands, got ${path.length}`,
    );
  }
}
