import { ExampleAxisError } from '../../../lib/errors';
import { isFloat } from '../../../lib/graph/dtype';
import { extent, sizeOf, type Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { add, mul, ones, square } from '../../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../../lib/ops/matmul';
import { reshape } from '../../../lib/ops/reshape';
import { sum } from '../../../lib/ops/sum';
import { moveAxis } from '../../../lib/ops/transpose';
import { perExample } from '../../../lib/transforms/perExample';
import { expectClose } from '../../support/compare';
import { exampleLoop, type Losses } from '../../support/exampleLoop';
import { arrayOf, arraysOf } from '../../support/tensors';
import {
  caseOf,
  coveredBy,
  functionOf,
  inputsOf,
  outputsOf,
  variablesOf,
  type Case,
  type ExampleUse,
  type MixedUse,
  type Row,
} from '../row';
import { directionLike } from './derivatives';

/** Sums in another order, in float64. */
const TOLERANCE = 1e-10;
const EXAMPLES = 3;

interface Batched {
  readonly losses: Losses;
  readonly params: readonly Tensor[];
  readonly batch: readonly Tensor[];
}

/** Every statistic of per-example gradients against a loop over single examples. */
async function compareWithLoop({ losses, params, batch }: Batched, what: string): Promise<void> {
  const gradients = perExample(losses)(params, ...batch);
  const { count } = gradients;
  const expected = await exampleLoop(losses, params, batch);
  const rows = expected.map((all) => {
    const size = all.length / count;
    return Array.from({ length: count }, (_, n) => all.subarray(n * size, (n + 1) * size));
  });
  const overExamples = (parts: readonly Float64Array[], f: (x: number) => number): Float64Array =>
    parts.reduce((total, part) => total.map((t, i) => t + f(part[i]!)), new Float64Array(parts[0]!.length));
  const stored = await arraysOf(gradients.materialize());
  const squares = await arraysOf(gradients.sumSquares());
  const sums = await arraysOf(gradients.sum());
  for (const [i, own] of rows.entries()) {
    expectClose(stored[i]!.data, expected[i]!, TOLERANCE, `${what}, parameter ${i}`);
    expectClose(
      squares[i]!.data,
      overExamples(own, (x) => x * x),
      TOLERANCE,
      `${what}, parameter ${i}, sum of squares`,
    );
    expectClose(
      sums[i]!.data,
      overExamples(own, (x) => x),
      TOLERANCE,
      `${what}, parameter ${i}, sum`,
    );
  }
  const norms = Float64Array.from({ length: count }, (_, n) =>
    rows.flatMap((own) => [...own[n]!]).reduce((total, x) => total + x * x, 0),
  );
  expectClose((await arrayOf(gradients.squaredNorms())).data, norms, TOLERANCE, `${what}, norms`);
}

/** The op on examples: shared inputs are parameters, and every input of the examples is scaled by one. */
export async function checkExamples(row: Row, use: ExampleUse): Promise<void> {
  const of = caseOf(row, use.of);
  await compareWithLoop(batched(row, of, use.axes, use.output), `${row.name}, ${of.name}, per example`);
}

function batched(
  row: Row,
  of: Case,
  axes: readonly (number | null)[],
  output: ExampleUse['output'],
): Batched {
  const inputs = inputsOf(of, 'float64');
  const variables = variablesOf(of);
  const [batchPlaces, sharedPlaces] = [true, false].map((wanted) =>
    inputs.flatMap((_, i) => ((axes[i] !== null) === wanted ? [i] : [])),
  ) as [number[], number[]];
  const parameterPlaces = sharedPlaces.filter((i) => variables.includes(i));
  const scaledPlaces = batchPlaces.filter((i) => variables.includes(i));
  const batch = batchPlaces.map((i) => moveAxis(inputs[i]!, axes[i]!, 0));
  const losses: Losses = (params, ...examples) => {
    const given = inputs.map((input, i) => {
      if (axes[i] === null) return parameterPlaces.includes(i) ? params[parameterPlaces.indexOf(i)]! : input;
      const example = examples[batchPlaces.indexOf(i)]!;
      const scale = params[parameterPlaces.length + scaledPlaces.indexOf(i)];
      return moveAxis(scaledPlaces.includes(i) ? mul(example, scale!) : example, 0, axes[i]!);
    });
    const count = extent(examples[0]!.shape, 0);
    return outputsOf(row, given, of.options)
      .filter((y) => isFloat(y.dtype))
      .map((y) => lossOf(typeof output === 'number' ? moveAxis(y, output, 0) : output(y, count)))
      .reduce((total, part) => add(total, part));
  };
  const params = [...parameterPlaces.map((i) => inputs[i]!), ...scaledPlaces.map(() => ones([], 'float64'))];
  return { losses, params, batch };
}

/** Neither linear nor the same everywhere, so that no cotangent is by chance what another should be. */
function lossOf(y: Tensor): Tensor {
  const rows = reshape(y, [extent(y.shape, 0), sizeOf(y.shape.slice(1))]);
  const weights = directionLike(reshapeLike(rows), 5);
  return sum(add(mul(rows, weights), square(rows)), { axis: 1 });
}

const reshapeLike = ({ shape, dtype }: Tensor): Tensor => ones([1, extent(shape, 1)], dtype);

/** A use that mixes examples is refused by an error that names the op. */
export function checkMixes(row: Row, use: MixedUse): void {
  const of = caseOf(row, use.of);
  const { losses, params, batch } = batched(row, of, use.axes, (y) => y);
  let refusal: unknown;
  try {
    perExample(losses)(params, ...batch);
  } catch (error) {
    refusal = error;
  }
  const names = coveredBy(row);
  if (refusal instanceof ExampleAxisError && names.some((name) => refusal.message.startsWith(`${name}:`)))
    return;
  throw new Error(
    `${row.name}, axes [${use.axes.join(', ')}]: a refusal that names it expected, got ${String(refusal)}`,
  );
}

/** The op between parameters and the examples: its result meets them entry by entry, and as a weight of a product. */
export async function checkThrough(row: Row): Promise<void> {
  const of = row.cases[0]!;
  const inputs = inputsOf(of, 'float64');
  const params = variablesOf(of).map((i) => inputs[i]!);
  const fn = functionOf(row, of, inputs);
  const outputs = fn(params);
  const [t, seed] = [2, 31];
  const entryByEntry = outputs.map((y, i) => exampleOf([EXAMPLES, ...y.shape], seed + i));
  await compareWithLoop(
    {
      params,
      batch: entryByEntry,
      losses: (given, ...batch) => total(fn(given).map((y, i) => lossOf(square(add(mul(batch[i]!, y), y))))),
    },
    `${row.name}, between a parameter and the examples`,
  );
  const asRows = outputs.map(({ shape }, i) => exampleOf([EXAMPLES, t, shape[0] ?? 1], seed + i));
  await compareWithLoop(
    {
      params,
      batch: asRows,
      losses: (given, ...batch) =>
        total(fn(given).map((y, i) => lossOf(matmul(batch[i]!, reshape(y, matrixShape(y.shape)))))),
    },
    `${row.name}, as a weight`,
  );
}

const total = (parts: readonly Tensor[]): Tensor => parts.reduce((sumSoFar, part) => add(sumSoFar, part));
const exampleOf = (shape: Shape, seed: number): Tensor => directionLike(ones(shape, 'float64'), seed);
const matrixShape = (shape: Shape): Shape => [shape[0] ?? 1, sizeOf(shape.slice(1))];
