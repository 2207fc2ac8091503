import '../../lib/graph/evaluate';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { sizeOf, type Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { nn, type Layer } from '../../lib/nn';
import { rotaryTables } from '../../lib/ops/attention';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import { key } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { expectClose } from '../support/compare';

interface Golden {
  readonly layer: string;
  readonly arguments: readonly any[];
  readonly parameters: readonly { readonly name: string; readonly shape: Shape }[];
  readonly inputs: readonly Shape[];
  readonly shape: Shape;
  readonly value: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const golden = JSON.parse(readFileSync(join(__dirname, '../golden/nn.json'), 'utf8')) as Golden[];

/** Both sides compute in float64, in another order; PyTorch writes 13 digits. */
const TOLERANCE = 1e-10;

const wave = (shape: Shape, scale: number, shift: number): Tensor =>
  tensor(
    Float64Array.from({ length: sizeOf(shape) }, (_, k) => scale * Math.sin(1.7 * k + shift)),
    { shape },
  );

type Made = Layer<any>;
const MADE: Record<string, (inputs: number, outputs: number) => Made> = {
  'downsample and upsample': (inputs, outputs) =>
    nn.sequential(nn.downsample(inputs, outputs), nn.upsample(outputs, inputs)),
};

/** What a call says besides x, where the layer takes it by a name. */
const CALLS: Record<string, (others: readonly Tensor[]) => readonly unknown[]> = {
  multiHeadAttention: ([context]) => [context ? { context } : {}],
  transformerBlock: ([context]) => [context ? { context } : {}],
  llamaBlock: () => [{ rotary: rotaryTables(2, { steps: 9, dtype: 'float64' }) }],
  residualBlock: ([time]) => [{ time }],
};

test.each(golden.map((of) => [`${of.layer} ${JSON.stringify(of.arguments)}`, of] as const))(
  '%s is what PyTorch computes',
  async (_name, of) => {
    const make = MADE[of.layer] ?? (nn as unknown as Record<string, (...all: any[]) => Made>)[of.layer]!;
    const made = make(...(of.arguments as [number, number]));
    expect(made.parameters.map(({ name, shape }) => ({ name, shape }))).toEqual(of.parameters);
    const initial = made.init(key(0), { dtype: 'float64' });
    expect([...initial].map(([name, { shape }]) => ({ name, shape }))).toEqual(of.parameters);
    const theta = new Parameters(
      of.parameters.map(({ name, shape }, i) => [name, wave(shape, 0.4, i + 0.3)]),
    );
    const inputs = of.inputs.map((shape, i) => wave(shape, 1, i + 0.9));
    const run = ({ p, xs: [x, ...others] }: { p: Parameters; xs: readonly Tensor[] }): Tensor =>
      made.apply(p, x, ...(CALLS[of.layer]?.(others) ?? others));
    const y = run({ p: theta, xs: inputs });
    expect(y.shape).toEqual(of.shape);
    expectClose(await y.data(), of.value, TOLERANCE, 'value');
    const weight = tensor(
      Float64Array.from({ length: y.size }, (_, k) => Math.cos(0.9 * k)),
      { shape: y.shape },
    );
    const gradients = grad((all: { p: Parameters; xs: readonly Tensor[] }) => sum(mul(run(all), weight)))({
      p: theta,
      xs: inputs,
    });
    const tensors = [...[...gradients.p].map(([, g]) => g), ...gradients.xs];
    for (const [i, g] of tensors.entries()) {
      // A bias that the softmax cancels has a gradient of rounding errors: it is measured against the others.
      const whole = of.gradients.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expectClose(
        [...(await g.data()), whole],
        [...of.gradients[i]!, whole],
        TOLERANCE,
        `gradient of ${of.parameters[i]?.name ?? 'an input'}`,
      );
    }
  },
);
