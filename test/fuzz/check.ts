import { isFloat } from '../../lib/graph/dtype';
import { evaluate } from '../../lib/graph/evaluate';
import { formatShape, sameShape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import type { NdArray } from '../support/array';
import { arrayOf, tensorOf } from '../support/tensors';
import { build, dtypesOf, floatResultsOf, interpret, leafTensors, resultsOf, type Graph } from './graph';
import { Random } from './random';

/**
 * Noise on every value, relative to the largest of its tensor: shows how errors grow on their way. Far above the errors, far
 * below the numbers.
 */
const NOISE = { float32: 1e-5, float64: 1e-10, bfloat16: 2 ** -8, float16: 2 ** -11 } as const;
/** An element that noise moves more than this, relative to its tensor, says nothing: a step, or badly conditioned. */
const UNSTEADY = { float32: 1e-3, float64: 1e-3, bfloat16: 2 ** -4, float16: 2 ** -6 } as const;
/** Errors add up, and the noise of two passes need not be the worst there is. */
const SLACK = { float32: 16, float64: 16, bfloat16: 4, float16: 4 } as const;
/** Steps of the differences, and what the difference of two of them may be for either to be believed. */
const FIRST = { step: 1e-3, tolerance: 1e-6, doubt: 1e-3 } as const;
const SECOND = { step: 1e-2, tolerance: 1e-4, doubt: 1e-2 } as const;

/** What a graph makes the engine compute, and what it must be. */
export interface Question {
  readonly tensors: readonly Tensor[];
  readonly judge: (answers: readonly NdArray[]) => Verdict;
}

export interface Verdict {
  /** Undefined when all is well. */
  readonly fault: string | undefined;
  readonly compared: number;
  /** Elements and derivatives that say nothing. */
  readonly skipped: number;
}

const SOUND: Verdict = { fault: undefined, compared: 0, skipped: 0 };

/** Builds the graph and its derivatives; nothing is computed. */
export function questionOf(graph: Graph): Question {
  const results = resultsOf(graph);
  const leaves = leafTensors(graph);
  const values = build(graph, leaves);
  const expected = interpret(graph);
  values.forEach(({ shape, dtype }, i) => {
    if (sameShape(shape, expected[i]!.shape) && dtype === dtypesOf(graph)[i]) return;
    throw new Error(`v${i} is ${dtype} ${formatShape(shape)}, expected ${formatShape(expected[i]!.shape)}`);
  });
  const outputs = results.map((i) => values[i]!);
  const floats = floatResultsOf(graph);
  const derivatives = graph.order === 0 || floats.length === 0 ? [] : derivativesOf(graph, leaves, floats);
  const judges = [valueJudge(graph, results, expected), derivativeJudge(graph, floats)];
  return {
    tensors: [...outputs, ...derivatives],
    judge: (answers) => {
      const parts = [answers.slice(0, outputs.length), answers.slice(outputs.length)];
      const verdicts = parts.map((part, i) => (part.length === 0 ? SOUND : judges[i]!(part)));
      return {
        fault: verdicts.find(({ fault }) => fault !== undefined)?.fault,
        compared: verdicts.reduce((total, { compared }) => total + compared, 0),
        skipped: verdicts.reduce((total, { skipped }) => total + skipped, 0),
      };
    },
  };
}

type Judge = (answers: readonly NdArray[]) => Verdict;

/** Every element against the interpreter, with the tolerance that noise on the way shows to be fair. */
function valueJudge(graph: Graph, results: readonly number[], expected: readonly NdArray[]): Judge {
  const noise = NOISE[graph.float];
  const dtypes = dtypesOf(graph);
  const rounding = Math.max(...graph.applications.map(({ tolerance }) => tolerance));
  const passes = [1, -1, 2, -2].map((pass) => {
    const side = Math.sign(pass);
    const random = new Random(graph.seed + Math.abs(pass));
    return interpret(graph, undefined, (value, { shape, data }) => {
      if (!isFloat(dtypes[value]!)) return { shape, data };
      // What is given is exact, zeros too.
      const isGiven = value < graph.leaves.length;
      const most = data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
      const shift = (x: number): number => (isGiven ? x : most) * side * noise * random.sign();
      return { shape, data: data.map((x) => x + shift(x)) };
    });
  });
  return (answers) => {
    let [compared, skipped] = [0, 0];
    for (const [k, { data: actual }] of answers.entries()) {
      const value = results[k]!;
      const wanted = expected[value]!.data;
      const scale = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
      const shifts = wanted.map((x, i) =>
        Math.max(...passes.map((pass) => Math.abs(pass[value]!.data[i]! - x))),
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
        const fault = `v${value}[${i}] is ${actual[i]}, expected ${wanted[i]} (${allowed.toExponential(1)} allowed)`;
        return { fault, compared, skipped };
      }
    }
    return { fault: undefined, compared, skipped };
  };
}

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

/** The derivatives of a weighted sum of the results in a direction: `<dL, v>`, and `v^T H v` at order 2. */
function derivativesOf(graph: Graph, leaves: readonly Tensor[], results: readonly number[]): Tensor[] {
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
  const start = variables.map((i) => leaves[i]!);
  const first = slope(start);
  return graph.order === 1 ? [first] : [first, contraction(grad(slope)(start), directions)];
}

function derivativeJudge(graph: Graph, results: readonly number[]): Judge {
  return (answers) => {
    const weights = weightsOf(graph, results);
    const directions = directionsOf(graph);
    const lossAt = (distance: number): number => {
      const given = graph.leaves.map(({ array, variable }, leaf) => {
        const moved = array.data.map((x, i) => x + distance * directions[leaf]!.data[i]!);
        return variable ? { shape: array.shape, data: moved } : array;
      });
      const values = interpret(graph, given);
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
      const { step, tolerance, doubt } = k === 0 ? FIRST : SECOND;
      const difference = k === 0 ? firstBy : secondBy;
      const [coarse, fine, finest] = [difference(step), difference(step / 2), difference(step / 4)];
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
      if (Math.abs(data[0]! - expected) <= allowed) continue;
      const fault = `derivative ${k + 1} is ${data[0]}, differences give ${expected} (${allowed.toExponential(1)} allowed)`;
      return { fault, compared, skipped };
    }
    return { fault: undefined, compared, skipped };
  };
}

/** What the engine answers to several questions at once. */
export async function answersOf(questions: readonly Question[]): Promise<readonly (readonly NdArray[])[]> {
  await evaluate(questions.map(({ tensors }) => tensors));
  return Promise.all(questions.map(({ tensors }) => Promise.all(tensors.map(arrayOf))));
}

/** Builds, computes and judges one graph; an error is a fault. */
export async function verdictOf(graph: Graph): Promise<Verdict> {
  try {
    const question = questionOf(graph);
    const [answers = []] = await answersOf([question]);
    return question.judge(answers);
  } catch (error) {
    return { ...SOUND, fault: error instanceof Error ? error.message : String(error) };
  }
}
