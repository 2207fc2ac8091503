import { ExampleAxisError } from '../../../lib/errors';
import { isFloat } from '../../../lib/graph/dtype';
import { extent, sizeOf } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { concat } from '../../../lib/ops/shape/concat';
import { add, mul, ones, square } from '../../../lib/ops/elementwise/arithmetic';
import { reshape } from '../../../lib/ops/shape/reshape';
import { slice } from '../../../lib/ops/shape/slice';
import { sum } from '../../../lib/ops/reduce/sum';
import { moveAxis } from '../../../lib/ops/shape/transpose';
import { perExample } from '../../../lib/transforms/perExample';
import { compareWithLoop, type Batched, type Losses } from '../../support/exampleLoop';
import {
  caseOf,
  coveredBy,
  inputsOf,
  outputsOf,
  variablesOf,
  type Case,
  type ExampleUse,
  type MixedUse,
  type Row,
} from '../row';
import { directionLike } from './derivatives';

/** How examples lie along an axis of an input: alone, or with another axis merged into it on either side. */
interface Layout {
  readonly name: string;
  /** The input as a batch, examples first. */
  readonly batch: (x: Tensor, axis: number) => Tensor;
  /** The batch as the op's input. */
  readonly input: (batch: Tensor, axis: number) => Tensor;
  /** The op's result with the examples first. */
  readonly result: (y: Tensor, axis: number) => Tensor;
}

const alone: Layout = {
  name: 'per example',
  batch: (x, axis) => moveAxis(x, axis, 0),
  input: (batch, axis) => moveAxis(batch, 0, axis),
  result: (y, axis) => moveAxis(y, axis, 0),
};

/** Two rows per example: next to each other, so that the examples come first, or in two halves of all. */
const merged = (name: string, examplesAt: 0 | 1): Layout => {
  const open = (x: Tensor, axis: number): Tensor => {
    const half = extent(x.shape, axis) / 2;
    const both = examplesAt === 0 ? [half, 2] : [2, half];
    return reshape(x, [...x.shape.slice(0, axis), ...both, ...x.shape.slice(axis + 1)]);
  };
  const close = (x: Tensor, axis: number): Tensor => {
    const both = sizeOf(x.shape.slice(axis, axis + 2));
    return reshape(x, [...x.shape.slice(0, axis), both, ...x.shape.slice(axis + 2)]);
  };
  return {
    name,
    batch: (x, axis) => moveAxis(open(doubled(x, axis), axis), axis + examplesAt, 0),
    input: (batch, axis) => close(moveAxis(batch, 0, axis + examplesAt), axis),
    result: (y, axis) => moveAxis(open(y, axis), axis + examplesAt, 0),
  };
};

/** The rows of an axis, and once more backwards. */
const doubled = (x: Tensor, axis: number): Tensor => {
  const steps = [...Array<undefined>(axis).fill(undefined), -1];
  return concat([x, slice(x, { steps })], { axis });
};

const LAYOUTS = [
  alone,
  merged('per example with a row before', 0),
  merged('per example with an axis before', 1),
];

/**
 * The op on examples: shared inputs are parameters, and every input of the examples is scaled by a parameter of value one.
 */
export async function checkExamples(row: Row, use: ExampleUse): Promise<void> {
  const of = caseOf(row, use.of);
  // Results that are put in order by the row itself know one layout only.
  for (const layout of typeof use.output === 'number' ? LAYOUTS : [alone]) {
    await compareWithLoop(batched(row, of, use, layout), `${row.name}, ${of.name}, ${layout.name}`);
  }
}

function batched(row: Row, of: Case, { axes, output }: Omit<ExampleUse, 'of'>, layout: Layout): Batched {
  const inputs = inputsOf(of, 'float64');
  const variables = variablesOf(of);
  const [batchPlaces, sharedPlaces] = [true, false].map((wanted) =>
    inputs.flatMap((_, i) => ((axes[i] !== null) === wanted ? [i] : [])),
  ) as [number[], number[]];
  const parameterPlaces = sharedPlaces.filter((i) => variables.includes(i));
  const scaledPlaces = batchPlaces.filter((i) => variables.includes(i));
  const batch = batchPlaces.map((i) => layout.batch(inputs[i]!, axes[i]!));
  const losses: Losses = (params, ...examples) => {
    const given = inputs.map((input, i) => {
      if (axes[i] === null) return parameterPlaces.includes(i) ? params[parameterPlaces.indexOf(i)]! : input;
      const example = examples[batchPlaces.indexOf(i)]!;
      const scale = params[parameterPlaces.length + scaledPlaces.indexOf(i)];
      return layout.input(scaledPlaces.includes(i) ? mul(example, scale!) : example, axes[i]!);
    });
    const count = extent(examples[0]!.shape, 0);
    return outputsOf(row, given, of.options)
      .filter((y) => isFloat(y.dtype))
      .map((y) => lossOf(typeof output === 'number' ? layout.result(y, output) : output(y, count)))
      .reduce((total, part) => add(total, part));
  };
  const params = [...parameterPlaces.map((i) => inputs[i]!), ...scaledPlaces.map(() => ones([], 'float64'))];
  return { losses, params, batch };
}

/** Neither linear nor the same everywhere, so that no cotangent is by chance what another should be. */
export function lossOf(y: Tensor): Tensor {
  const rows = reshape(y, [extent(y.shape, 0), sizeOf(y.shape.slice(1))]);
  const weights = directionLike(ones([1, extent(rows.shape, 1)], y.dtype), 5);
  return sum(add(mul(rows, weights), square(rows)), { axis: 1 });
}

/** A use that mixes examples is refused by an error that names the op. */
export function checkMixes(row: Row, use: MixedUse): void {
  const of = caseOf(row, use.of);
  const { losses, params, batch } = batched(row, of, { ...use, output: (y) => y }, alone);
  let refusal: unknown;
  try {
    perExample(losses)(params, ...batch);
  } catch (error) {
    refusal = error;
  }
  const names = coveredBy(row);
  const isNamed =
    refusal instanceof ExampleAxisError && names.some((name) => String(refusal).includes(` ${name}:`));
  if (isNamed) return;
  throw new Error(
    `${row.name}, axes [${use.axes.join(', ')}]: a refusal that names it expected, got ${String(refusal)}`,
  );
}
