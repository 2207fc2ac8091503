import '../../lib/graph/evaluate';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import * as ops from '../../lib/ops';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';

interface Golden {
  readonly op: string;
  readonly options: any;
  readonly inputs: readonly {
    readonly shape: readonly number[];
    readonly scale: number;
    readonly shift: number;
  }[];
  readonly shape: readonly number[];
  readonly value: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const golden = JSON.parse(readFileSync(join(__dirname, '../golden/networks.json'), 'utf8')) as Golden[];

/** Both sides compute in float64, in another order; PyTorch writes 14 digits. */
const TOLERANCE = 1e-11;

const LABELS = tensor(Int32Array.of(2, -100, 0, 1));

const RUN: Record<string, (inputs: readonly Tensor[], options: any) => Tensor> = {
  batchNorm: ([x, gain, bias], options) => ops.batchNorm(x!, gain!, bias!, options).y,
  softmaxCrossEntropy: ([x], options) => ops.softmaxCrossEntropy(x!, LABELS, options),
  'softmaxCrossEntropy soft': ([x, y], options) => ops.softmaxCrossEntropy(x!, y!, options),
  nllLoss: ([x], options) => ops.nllLoss(x!, LABELS, options),
};

const run = (op: string, inputs: readonly Tensor[], options: any): Tensor =>
  RUN[op]?.(inputs, options) ?? (ops as any)[op](...inputs, options);

const numbers = (count: number, f: (k: number) => number): Float64Array =>
  Float64Array.from({ length: count }, (_, k) => f(k));

function expectNear(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(actual).toHaveLength(expected.length);
  const worst = Math.max(0, ...expected.map((value, i) => Math.abs(value - actual[i]!)));
  if (!(worst <= TOLERANCE)) throw new Error(`${what} is off by ${worst}`);
}

test.each(golden.map((of) => [`${of.op} ${JSON.stringify(of.options)}`, of] as const))(
  '%s is what PyTorch computes',
  async (_name, of) => {
    const inputs = of.inputs.map(({ shape, scale, shift }, i) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return tensor(
        numbers(size, (k) => scale * Math.sin(1.7 * k + i + 0.3) + shift),
        { shape },
      );
    });
    const y = run(of.op, inputs, of.options);
    expect(y.shape).toEqual(of.shape);
    const weight = tensor(
      numbers(of.value.length, (k) => Math.cos(0.9 * k)),
      { shape: of.shape },
    );
    const gradients = grad((x: readonly Tensor[]) => sum(mul(run(of.op, x, of.options), weight)))(inputs);
    expectNear(await y.data(), of.value, 'the value');
    for (const [i, gradient] of gradients.entries()) {
      expectNear(await gradient.data(), of.gradients[i]!, `gradient ${i}`);
    }
  },
);
