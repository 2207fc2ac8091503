import type { DType } from '../../lib/graph/dtype';
import { extent } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { stack } from '../../lib/ops/shape/concat';
import { slice } from '../../lib/ops/shape/slice';
import { eye } from '../../lib/ops/shape/triangle';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { perExample, type PerExampleGradients } from '../../lib/transforms/perExample';
import { matrixShape } from '../../lib/transforms/perExample/rotate';
import { expectClose } from './compare';
import { observe } from './numbers';
import { directions, sequence } from './sequence';
import { arrayOf, arraysOf, tensorOf } from './tensors';

/** One loss per example from parameters and batch tensors with the examples on axis 0. */
export type Losses = (params: readonly Tensor[], ...batch: readonly Tensor[]) => Tensor;

/**
 * The slow twin of `perExample`: the ordinary gradient of one example after the other. Returns per parameter the
 * gradients of all examples end to end.
 */
export async function exampleLoop(
  losses: Losses,
  params: readonly Tensor[],
  batch: readonly Tensor[],
): Promise<Float64Array[]> {
  const count = extent(batch[0]!.shape, 0);
  const gradients = Array.from({ length: count }, (_, n) => {
    const one = batch.map((x) => slice(x, { starts: [n], stops: [n + 1] }));
    return grad((p: readonly Tensor[]) => sum(losses(p, ...one)))(params);
  });
  const arrays = await Promise.all(gradients.map((list) => arraysOf(list)));
  return params.map((_, i) => Float64Array.from(arrays.flatMap((list) => [...list[i]!.data])));
}

/** Sums in another order, in float64. */
const LOOP_TOLERANCE = 1e-10;

/** A function of examples, and where to look at it. */
export interface Batched {
  readonly losses: Losses;
  readonly params: readonly Tensor[];
  readonly batch: readonly Tensor[];
}

/** Every statistic of per-example gradients against a loop over single examples. */
export async function compareWithLoop(
  { losses, params, batch }: Batched,
  what: string,
  tolerance = LOOP_TOLERANCE,
): Promise<void> {
  const gradients = perExample(losses)(params, ...batch);
  const { count } = gradients;
  const expected = await exampleLoop(losses, params, batch);
  const rows = expected.map((all) => {
    const size = all.length / count;
    return Array.from({ length: count }, (_, n) => all.subarray(n * size, (n + 1) * size));
  });
  const overExamples = (parts: readonly Float64Array[], f: (x: number) => number): Float64Array =>
    parts.reduce((total, part) => total.map((t, i) => t + f(part[i]!)), new Float64Array(parts[0]!.length));
  // A gradient that vanishes is measured against the others: it has rounding errors but no scale.
  const scale = Math.max(...expected.flatMap((all) => [...all.map(Math.abs)]));
  const close = (actual: ArrayLike<number>, wanted: ArrayLike<number>, name: string): void => {
    const label = `${what}, ${name}`;
    const error = expectClose(
      [...Array.from(actual), scale],
      [...Array.from(wanted), scale],
      tolerance,
      label,
    );
    observe(`R5 statistics against a loop over single examples, ${gradients.losses.dtype}`, error, label);
  };
  const stored = await arraysOf(gradients.materialize());
  const squares = await arraysOf(gradients.sumSquares());
  const sums = await arraysOf(gradients.sum());
  for (const [i, own] of rows.entries()) {
    close(stored[i]!.data, expected[i]!, `parameter ${i}`);
    close(
      squares[i]!.data,
      overExamples(own, (x) => x * x),
      `parameter ${i}, sum of squares`,
    );
    close(
      sums[i]!.data,
      overExamples(own, (x) => x),
      `parameter ${i}, sum`,
    );
  }
  const norms = Float64Array.from({ length: count }, (_, n) =>
    rows.flatMap((own) => [...own[n]!]).reduce((total, x) => total + x * x, 0),
  );
  close((await arrayOf(gradients.squaredNorms())).data, norms, 'norms');
  const sizes = await arraysOf(gradients.sumAbsolute());
  for (const [i, own] of rows.entries())
    close(sizes[i]!.data, overExamples(own, Math.abs), `parameter ${i}, sum of sizes`);
  await compareDirections(gradients, params, rows, close);
  await comparePairs(gradients, params, rows, close);
}

/** Several directions and weightings at once: multiples of one direction, and one example each. */
async function compareMany(
  gradients: PerExampleGradients<readonly Tensor[]>,
  direction: readonly Tensor[],
  close: Close,
  dots: Float64Array,
): Promise<void> {
  const factors = [1, -2, 0.5];
  const many = direction.map((part) => stack(factors.map((factor) => mul(part, factor))));
  const expected = factors.flatMap((factor) => [...dots].map((value) => factor * value));
  close((await arrayOf(gradients.dot(many))).data, expected, 'products with several directions');
  const each = await arraysOf(gradients.weightedSum(eye(gradients.count, { dtype: gradients.losses.dtype })));
  const stored = await arraysOf(gradients.materialize());
  each.forEach(({ data }, i) => {
    close(data, stored[i]!.data, `parameter ${i}, a weighting per example`);
  });
}

type Close = (actual: ArrayLike<number>, wanted: ArrayLike<number>, name: string) => void;

/** Inner products of all pairs, and norms in other coordinates. */
async function comparePairs(
  gradients: PerExampleGradients<readonly Tensor[]>,
  params: readonly Tensor[],
  rows: readonly (readonly Float64Array[])[],
  close: Close,
): Promise<void> {
  const inner = (a: Float64Array, b: Float64Array): number => a.reduce((total, x, k) => total + x * b[k]!, 0);
  const numbers = Array.from({ length: gradients.count }, (_, n) => n);
  const pairs = numbers.flatMap((n) =>
    numbers.map((m) => rows.reduce((total, own) => total + inner(own[n]!, own[m]!), 0)),
  );
  close((await arrayOf(gradients.gram())).data, pairs, 'Gram matrix');
  const columnOf = (size: number, seed: number, dtype: DType): Tensor =>
    tensorOf(directions(2 * size, sequence(seed)), [size, 2], dtype);
  const lefts = params.map(({ shape, dtype }, i) => columnOf(matrixShape(shape)[0], 100 + i, dtype));
  const rights = params.map(({ shape, dtype }, i) => columnOf(matrixShape(shape)[1], 200 + i, dtype));
  const turned = await arraysOf(gradients.project(lefts, rights));
  for (const [i, own] of rows.entries()) {
    const [height, width] = matrixShape(params[i]!.shape);
    const [u, v] = (await arraysOf([lefts[i]!, rights[i]!])).map(({ data }) => data) as [
      Float64Array,
      Float64Array,
    ];
    const expected = own.flatMap((g) =>
      [0, 1].flatMap((p) =>
        [0, 1].map((q) =>
          g.reduce(
            (total, x, k) => total + x * u[2 * Math.floor(k / width) + p]! * v[2 * (k % width) + q]!,
            0,
          ),
        ),
      ),
    );
    if (height * width > 0) close(turned[i]!.data, expected, `parameter ${i}, in other coordinates`);
  }
}

/** `<dL_n/dtheta, v>` for a direction, and `sum_n w_n dL_n/dtheta` for weights. */
async function compareDirections(
  gradients: PerExampleGradients<readonly Tensor[]>,
  params: readonly Tensor[],
  rows: readonly (readonly Float64Array[])[],
  close: Close,
): Promise<void> {
  const v = params.map(({ size }, i) => directions(size, sequence(80 + i)));
  const w = directions(gradients.count, sequence(90));
  const direction = params.map(({ shape, dtype }, i) => tensorOf(v[i]!, shape, dtype));
  const dots = Float64Array.from(w, (_, n) =>
    rows.reduce((total, own, i) => own[n]!.reduce((sum, x, k) => sum + x * v[i]![k]!, total), 0),
  );
  close((await arrayOf(gradients.dot(direction))).data, dots, 'products with a direction');
  const weighted = await arraysOf(gradients.weightedSum(tensorOf(w, [w.length], gradients.losses.dtype)));
  await compareMany(gradients, direction, close, dots);
  for (const [i, own] of rows.entries()) {
    const expected = own.reduce(
      (total, part, n) => total.map((t, k) => t + w[n]! * part[k]!),
      new Float64Array(own[0]!.length),
    );
    close(weighted[i]!.data, expected, `parameter ${i}, weighted sum`);
  }
}
