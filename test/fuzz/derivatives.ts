import type { Tensor } from '../../lib/graph/tensor';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { jvp } from '../../lib/transforms/jvp';
import { vmap } from '../../lib/transforms/vmap';
import type { NdArray } from '../support/array';
import { tensorOf } from '../support/tensors';
import { build, interpret, interpretIfPossible, type Graph } from './graph';
import { twoMembers } from './mapped';
import { Random } from './random';
import type { Question, Verdict } from './verdict';

/**
 * Steps of the differences, and what the difference of two of them may be for either to be believed. A third, far smaller
 * one finds kinks nearby.
 */
const FIRST = { step: 1e-3, tolerance: 1e-6, doubt: 1e-3 } as const;
const SECOND = { step: 1e-2, tolerance: 1e-4, doubt: 1e-2 } as const;

/** Fixed weights of every result, scaled to about one. */
function weightsOf(graph: Graph, results: readonly number[]): readonly NdArray[] {
  const random = new Random(graph.seed + 2);
  const values = interpret(graph);
  return results.map((value) => {
    const { shape, data } = values[value]!;
    const scale = Math.max(1, ...data.map(Math.abs)) * Math.max(1, Math.sqrt(data.length));
    return { shape, data: random.signs(data.length).map((sign) => sign / scale) };
  });
}

const directionsOf = (graph: Graph): readonly NdArray[] => {
  const random = new Random(graph.seed + 3);
  return graph.leaves.map(({ array: { shape, data } }) => ({ shape, data: random.signs(data.length) }));
};

const contraction = (xs: readonly Tensor[], weights: readonly NdArray[]): Tensor =>
  xs
    .map((x, i) => sum(mul(x, tensorOf(weights[i]!.data, weights[i]!.shape, x.dtype))))
    .reduce((total, part) => add(total, part));

/** One derivative, and how it was come by. */
interface Derivative {
  readonly order: 1 | 2;
  readonly how: string;
  /** A number, or one per member of a batch whose second member counts. */
  readonly tensor: Tensor;
}

/** The derivatives of a weighted sum of the results in a direction: `<dL, v>`, and `v^T H v` at order 2. */
function derivativesOf(graph: Graph, leaves: readonly Tensor[], results: readonly number[]): Derivative[] {
  const weights = weightsOf(graph, results);
  const variables = graph.leaves.flatMap(({ variable }, i) => (variable ? [i] : []));
  const directions = variables.map((i) => directionsOf(graph)[i]!);
  const loss = (theta: readonly Tensor[]): Tensor => {
    const given = leaves.map((leaf, i) => theta[variables.indexOf(i)] ?? leaf);
    const values = build(graph, given);
    return contraction(
      results.map((i) => values[i]!),
      weights,
    );
  };
  const slope = (theta: readonly Tensor[]): Tensor => contraction(grad(loss)(theta), directions);
  const curvature = (theta: readonly Tensor[]): Tensor => contraction(grad(slope)(theta), directions);
  const start = variables.map((i) => leaves[i]!);
  const along = directions.map((direction, i) => tensorOf(direction.data, direction.shape, start[i]!.dtype));
  const forward = (f: typeof loss): Tensor => jvp<readonly Tensor[], Tensor>(f, start, along).tangent;
  const mapped = (f: typeof loss): Tensor => vmap(f)(start.map(twoMembers));
  const found: Derivative[] = [{ order: 1, how: '', tensor: slope(start) }];
  if (graph.way === 'forward') found.push({ order: 1, how: ', forwards,', tensor: forward(loss) });
  if (graph.way === 'mapped') found.push({ order: 1, how: ' under vmap', tensor: mapped(slope) });
  if (graph.order === 1) return found;
  found.push({ order: 2, how: '', tensor: curvature(start) });
  if (graph.way === 'forward') found.push({ order: 2, how: ', forwards,', tensor: forward(slope) });
  if (graph.way === 'mapped') found.push({ order: 2, how: ' under vmap', tensor: mapped(curvature) });
  return found;
}

/** Derivatives against differences of the interpreter. */
export function derivativeQuestion(
  graph: Graph,
  leaves: readonly Tensor[],
  results: readonly number[],
): Question {
  const derivatives = derivativesOf(graph, leaves, results);
  const judge = (answers: readonly NdArray[]): Verdict => {
    const weights = weightsOf(graph, results);
    const directions = directionsOf(graph);
    const lossAt = (distance: number): number => {
      const given = graph.leaves.map(({ array, variable }, leaf) => {
        const moved = array.data.map((x, i) => x + distance * directions[leaf]!.data[i]!);
        return variable ? { shape: array.shape, data: moved } : array;
      });
      const values = interpretIfPossible(graph, given);
      if (values === null) return NaN;
      return results.reduce(
        (total, value, k) =>
          total + values[value]!.data.reduce((part, x, i) => part + x * weights[k]!.data[i]!, 0),
        0,
      );
    };
    const here = lossAt(0);
    const firstBy = (h: number): number => (lossAt(h) - lossAt(-h)) / (2 * h);
    const secondBy = (h: number): number => (lossAt(h) - 2 * here + lossAt(-h)) / (h * h);
    let [compared, skipped] = [0, 0];
    for (const [k, { data }] of answers.entries()) {
      const { order, how } = derivatives[k]!;
      const { step, tolerance, doubt } = order === 1 ? FIRST : SECOND;
      const difference = order === 1 ? firstBy : secondBy;
      const [coarse, fine, finest] = [difference(step), difference(step / 2), difference(step / 128)];
      // Richardson: the error of second order cancels.
      const expected = (4 * fine - coarse) / 3;
      const scale = 1 + Math.abs(expected) + Math.abs(here);
      const distrust = Math.max(Math.abs(coarse - fine), Math.abs(fine - finest));
      if (!(distrust <= doubt * scale)) {
        skipped += 1;
        continue;
      }
      compared += 1;
      const allowed = tolerance * scale + distrust;
      const actual = data.at(-1)!;
      if (Math.abs(actual - expected) <= allowed) continue;
      const fault = `derivative ${order}${how} is ${actual}, differences give ${expected} (${allowed.toExponential(1)} allowed)`;
      return { fault, compared, skipped };
    }
    return { fault: undefined, compared, skipped };
  };
  return { tensors: derivatives.map(({ tensor }) => tensor), judge };
}
