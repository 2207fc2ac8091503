import { isFloat } from '../../lib/graph/dtype';
import type { NdArray } from '../support/array';
import { dtypesOf, interpretIfPossible, type Graph } from './graph';
import { Random } from './random';
import type { Verdict } from './verdict';

/**
 * Noise on every value, relative to the largest of its tensor: shows how errors grow on their way. Far above the errors, far
 * below the numbers.
 */
const NOISE = { float32: 1e-5, float64: 1e-10, bfloat16: 2 ** -7, float16: 2 ** -10 } as const;
/** An element that noise moves more than this, relative to its tensor, says nothing: a step, or badly conditioned. */
const UNSTEADY = { float32: 1e-3, float64: 1e-3, bfloat16: 2 ** -4, float16: 2 ** -6 } as const;
/** Errors add up, and the noise of two passes need not be the worst there is. */
const SLACK = { float32: 16, float64: 16, bfloat16: 4, float16: 4 } as const;
/** Every element against the interpreter, with the tolerance that noise on the way shows to be fair. */
export function valueJudge(
  graph: Graph,
  results: readonly number[],
  expected: readonly NdArray[],
): (answers: readonly NdArray[], how?: string) => Verdict {
  const noise = NOISE[graph.float];
  const dtypes = dtypesOf(graph);
  const rounding = Math.max(...graph.applications.map(({ tolerance }) => tolerance));
  const passes = [1, -1, 2, -2].map((pass) => {
    const side = Math.sign(pass);
    const random = new Random(graph.seed + Math.abs(pass));
    return interpretIfPossible(graph, undefined, (value, { shape, data }) => {
      if (!isFloat(dtypes[value]!)) return { shape, data };
      // What is given is exact, zeros too.
      const isGiven = value < graph.leaves.length;
      const most = data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
      const shift = (x: number): number => (isGiven ? x : most) * side * noise * random.between(-1, 1);
      return { shape, data: data.map((x) => x + shift(x)) };
    });
  });
  return (answers, how = '') => {
    let [compared, skipped] = [0, 0];
    for (const [k, { data: actual }] of answers.entries()) {
      const value = results[k]!;
      const wanted = expected[value]!.data;
      const scale = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
      const shifts = wanted.map((x, i) =>
        Math.max(...passes.map((pass) => Math.abs((pass?.[value]!.data[i] ?? NaN) - x))),
      );
      const isSteady = (i: number): boolean => shifts[i]! <= UNSTEADY[graph.float] * scale;
      const shift = shifts.reduce((most, own, i) => (isSteady(i) ? Math.max(most, own) : most), 0);
      const allowed = SLACK[graph.float] * rounding * (scale + shift / noise);
      for (let i = 0; i < wanted.length; i++) {
        if (!isSteady(i)) {
          skipped += 1;
          continue;
        }
        compared += 1;
        if (Math.abs(actual[i]! - wanted[i]!) <= allowed) continue;
        const fault = `v${value}[${i}]${how} is ${actual[i]}, expected ${wanted[i]} (${allowed.toExponential(1)} allowed)`;
        return { fault, compared, skipped };
      }
    }
    return { fault: undefined, compared, skipped };
  };
}
