import { compile } from '../../../lib/graph/compile';
import { evaluate } from '../../../lib/graph/evaluate';
import type { WideFloatDType } from '../../../lib/graph/dtype';
import type { Tensor } from '../../../lib/graph/tensor';
import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { sum } from '../../../lib/ops/reduce/sum';
import { grad } from '../../../lib/transforms/grad';
import { hvp } from '../../../lib/transforms/hvp';
import { jvp } from '../../../lib/transforms/jvp';
import { vjp } from '../../../lib/transforms/vjp';
import { expectClose, expectShape } from '../../support/compare';
import { observe } from '../../support/numbers';
import { centralDifferences, directionalDifference } from '../../support/differences';
import { directions, sequence } from '../../support/sequence';
import { arrayOf, arraysOf, joined, tensorOf } from '../../support/tensors';
import { dtypesOf, functionOf, inputsOf, variablesOf, type Case, type Row } from '../row';

/** Central differences in float64 are good to about 1e-9 for the functions of the table. */
const GRADIENT_TOLERANCE = 1e-6;
/** Differences of a function that is 0 everywhere are rounding errors of about 1e-12. */
const SMALLEST_SCALE = 1e-5;
/** As R3 promises. */
const SECOND_TOLERANCE = 1e-5;
/** Rounding of two sums over the same products. */
const DUALITY_TOLERANCE: Record<WideFloatDType, number> = { float32: 1e-5, float64: 1e-10 };
/** Rules in float32 against the same rules in float64. */
const FLOAT32_GRADIENT_TOLERANCE = 2e-3;
/** On the first case of a row; two on the others. */
const DUALITY_DIRECTIONS = 20;

type Tensors = readonly Tensor[];

/** What a derivative check works on: the op as a function of its variables, and where to look at it. */
interface Setting {
  readonly fn: (variables: Tensors) => Tensor[];
  readonly variables: Tensors;
  /** Fixed cotangents for every result. */
  readonly seeds: Tensors;
  readonly what: string;
}

function settingOf(row: Row, of: Case, float: WideFloatDType): Setting {
  const inputs = inputsOf(of, float);
  const fn = functionOf(row, of, inputs);
  const variables = variablesOf(of).map((i) => inputs[i]!);
  const seeds = fn(variables).map((output, i) => directionLike(output, 11 + i));
  return { fn, variables, seeds, what: `${row.name}, ${of.name}, ${float}` };
}

/** A random tensor of the shape and dtype of another. */
export const directionLike = ({ shape, dtype, size }: Tensor, seed: number): Tensor =>
  tensorOf(directions(size, sequence(seed)), shape, dtype);

/** `sum_i <u_i, y_i>` over all results. */
const contraction = (seeds: Tensors, outputs: Tensors): Tensor =>
  outputs.map((output, i) => sum(mul(output, seeds[i]!))).reduce((total, part) => add(total, part));

/** The gradient of a random contraction against central differences. */
export async function checkGradient(row: Row, of: Case): Promise<void> {
  const { fn, variables, seeds, what } = settingOf(row, of, 'float64');
  if (variables.length === 0) return;
  const loss = (points: Tensors): Tensor => contraction(seeds, fn(points));
  const gradients = await arraysOf(grad(loss)(variables));
  const compiled = compile(loss);
  const start = await arraysOf(variables);
  const numeric = await centralDifferences(
    async (points) =>
      (await compiled(points.map((data, i) => tensorOf(data, start[i]!.shape, 'float64')))).item(),
    start.map(({ data }) => data),
  );
  // All variables together, with a fraction of the value: a derivative that vanishes has no scale of its own.
  const scale = Math.max(Math.abs(await loss(variables).item()) / 1000, SMALLEST_SCALE);
  const [actual, expected] = [joined(gradients), numeric.flatMap((part) => [...part])];
  const error = expectClose(
    [...actual, scale],
    [...expected, scale],
    GRADIENT_TOLERANCE,
    `${what}, gradient`,
  );
  observe('R2 gradients against differences, float64', error, what);
}

/** The same rules in float32 and in float64, at the same points. */
export async function checkFloat32Gradient(row: Row, of: Case): Promise<void> {
  if (dtypesOf(row).length < 2) return;
  const [single, double] = await Promise.all(
    (['float32', 'float64'] as const).map(async (float) => {
      const { fn, variables, seeds } = settingOf(row, of, float);
      return variables.length === 0 ? [] : joined(await arraysOf(vjp(fn, variables).pull(seeds as Tensor[])));
    }),
  );
  const what = `${row.name}, ${of.name}`;
  const error = expectClose(single!, double!, FLOAT32_GRADIENT_TOLERANCE, `${what}, float32 gradient`);
  observe('R2 gradients in float32 against float64', error, what);
}

/** Forward against reverse: `<u, J v> = <J^T u, v>` for random directions, in all variables and in one alone. */
export async function checkDuality(row: Row, of: Case): Promise<void> {
  for (const float of dtypesOf(row)) {
    const { fn, variables, what } = settingOf(row, of, float);
    if (variables.length === 0) return;
    const count = of === row.cases[0] ? DUALITY_DIRECTIONS : 2;
    for (let k = 0; k < count; k++) await compareModes(fn, variables, k, DUALITY_TOLERANCE[float], what);
    for (const [i, variable] of variables.entries()) {
      const alone = ([x]: Tensors): Tensor[] => fn(variables.map((own, j) => (j === i ? x! : own)));
      await compareModes(alone, [variable], i, DUALITY_TOLERANCE[float], `${what}, variable ${i}`);
    }
  }
}

async function compareModes(
  fn: Setting['fn'],
  variables: Tensors,
  seed: number,
  tolerance: number,
  what: string,
): Promise<void> {
  const v = variables.map((variable, i) => directionLike(variable, 100 * seed + i));
  const { value, tangent } = jvp(fn, variables, v);
  const u = value.map((output, i) => directionLike(output, 100 * seed + 50 + i));
  const pulled = vjp(fn, variables).pull(u);
  tangent.forEach((part, i) => expectShape(part.shape, value[i]!.shape, `${what}, tangent`));
  await evaluate([...tangent, ...pulled]);
  const [forward, forwardSize] = await inner(u, tangent);
  const [backward, backwardSize] = await inner(pulled, v);
  const error = Math.abs(forward - backward) / (forwardSize + backwardSize || 1);
  if (!(error <= tolerance))
    throw new Error(`${what}: <u, J v> = ${forward} and <J^T u, v> = ${backward} differ`);
  const float = variables[0]?.dtype ?? 'float64';
  observe(`R4 forward against reverse, ${float}`, error, what);
}

/** The inner product of two lists of tensors, and the product of their lengths. */
async function inner(a: Tensors, b: Tensors): Promise<[product: number, lengths: number]> {
  const [x, y] = [joined(await Promise.all(a.map(arrayOf))), joined(await Promise.all(b.map(arrayOf)))];
  const dot = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  return [dot(x, y), Math.sqrt(dot(x, x) * dot(y, y))];
}

/**
 * The Hessian of a random contraction in a random direction, forward over reverse and reverse over reverse, against
 * differences of the gradient.
 */
export async function checkSecond(row: Row, of: Case): Promise<void> {
  const { fn, variables, seeds, what } = settingOf(row, of, 'float64');
  if (variables.length === 0) return;
  const loss = (points: Tensors): Tensor => contraction(seeds, fn(points));
  const v = variables.map((variable, i) => directionLike(variable, 70 + i));
  const forward = hvp(loss)(variables, v);
  const reverse = grad((points: Tensors) => contraction(v, grad(loss)(points)))(variables);
  const start = await arraysOf(variables);
  const gradient = compile((points: Tensors) => grad(loss)(points));
  const numeric = await directionalDifference(
    async (points) => {
      const gradients = await gradient(points.map((data, i) => tensorOf(data, start[i]!.shape, 'float64')));
      return (await arraysOf(gradients)).map(({ data }) => data);
    },
    start.map(({ data }) => data),
    (await arraysOf(v)).map(({ data }) => data),
  );
  const expected = numeric.flatMap((part) => [...part]);
  // A function without curvature has differences of rounding errors only: measure those against the gradient.
  const scale = Math.max(...(await gradientSize(loss, variables)), ...expected.map(Math.abs));
  const close = async (tensors: Tensors, kind: string): Promise<void> => {
    const actual = joined(await arraysOf(tensors));
    const error = expectClose(
      [...actual, scale],
      [...expected, scale],
      SECOND_TOLERANCE,
      `${what}, second derivative, ${kind}`,
    );
    observe(`R3 second derivatives against differences, ${kind}`, error, what);
  };
  await close(forward, 'forward over reverse');
  await close(reverse, 'reverse over reverse');
}

const gradientSize = async (loss: (points: Tensors) => Tensor, variables: Tensors): Promise<number[]> =>
  joined(await arraysOf(grad(loss)(variables))).map(Math.abs);
