import { sizeOf, type Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { conv2d } from '../../../lib/ops/networks/conv2d';
import { add, mul, ones, square } from '../../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../../lib/ops/products/matmul';
import { reshape } from '../../../lib/ops/shape/reshape';
import { compareWithLoop, type Losses } from '../../support/exampleLoop';
import { functionOf, inputsOf, variablesOf, type Case, type Row } from '../row';
import { directionLike } from './derivatives';
import { lossOf } from './examples';

const EXAMPLES = 3;
const STEPS = 2;
const SEED = 31;

/** A way in which a shared tensor meets examples, which decides what kind of site comes back to it. */
interface Meeting {
  readonly name: string;
  readonly accepts: (shape: Shape) => boolean;
  /** The shape of the batch that it takes. */
  readonly batch: (shape: Shape) => Shape;
  readonly meet: (example: Tensor, y: Tensor) => Tensor;
}

const rows = (shape: Shape): number => shape[0] ?? 1;

const MEETINGS: readonly Meeting[] = [
  {
    name: 'entry by entry',
    accepts: () => true,
    batch: (shape) => [EXAMPLES, ...shape],
    meet: (example, y) => square(add(mul(example, y), y)),
  },
  {
    name: 'as a weight',
    accepts: () => true,
    batch: (shape) => [EXAMPLES, STEPS, rows(shape)],
    meet: (example, y) => matmul(example, reshape(y, [rows(y.shape), sizeOf(y.shape.slice(1))])),
  },
  {
    name: 'as the weight of a convolution',
    accepts: (shape) => shape.length === 4,
    batch: ([, channels, height, width]) => [EXAMPLES, channels!, height! + 1, width!],
    meet: (example, y) => conv2d(example, y),
  },
];

/** The op between parameters and the examples, whichever way its result meets them. */
export async function checkThrough(row: Row, of: Case): Promise<void> {
  const inputs = inputsOf(of, 'float64');
  const params = variablesOf(of).map((i) => inputs[i]!);
  const fn = functionOf(row, of, inputs);
  const shapes = fn(params).map((y) => y.shape);
  for (const { name, accepts, batch, meet } of MEETINGS) {
    if (!shapes.every(accepts)) continue;
    const examples = shapes.map((shape, i) => directionLike(ones(batch(shape), 'float64'), SEED + i));
    const losses: Losses = (given, ...xs) =>
      fn(given)
        .map((y, i) => lossOf(meet(xs[i]!, y)))
        .reduce((total, part) => add(total, part));
    await compareWithLoop({ params, batch: examples, losses }, `${row.name}, ${of.name}, ${name}`);
  }
}
