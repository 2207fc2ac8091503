import '../../lib/graph/evaluate';
import { evaluate } from '../../lib/graph/evaluate';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { biasOffsets, layer, lora, nn, scalingVectors, type Adapter } from '../../lib/nn';
import { add, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../lib/ops/elementwise/math';
import { linear } from '../../lib/ops/products/matmul';
import { sum } from '../../lib/ops/reduce/sum';
import { flatten } from '../../lib/ops/shape/reshape';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal, splitKey } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { expectClose } from '../support/compare';
import { compareWithLoop } from '../support/exampleLoop';

/** float64 against float64: only the order of sums differs. */
const TOLERANCE = 1e-12;

/** A convolution, a layer used twice, and one whose weight is [in, out]. */
const model = layer(
  {
    conv: nn.conv2d(2, 3, { kernel: 3, padding: 1 }),
    fc: nn.linear(12, 12),
    out: nn.linear(12, 4, { transposed: true }),
  },
  ({ conv, fc, out }, x: Tensor) => out(tanh(fc(tanh(fc(flatten(tanh(conv(x)), 1)))))),
);
const base = model.init(key(0), { dtype: 'float64' });
const x = normal(key(1), [4, 2, 2, 2], { dtype: 'float64' });

/** Away from the start, where half of the gradients vanish. */
const shaken = (small: Parameters): Parameters => {
  const keys = splitKey(key(2), small.length);
  return new Parameters(
    [...small].map(([name, values], i) => [
      name,
      add(values, normal(keys[i]!, values.shape, { deviation: 0.3, dtype: 'float64' })),
    ]),
  );
};

const all = lora({ targets: /weight$/, transposed: /^out/, rank: 2, alpha: 6 });

const ADAPTERS: Record<string, readonly [Adapter, readonly string[]]> = {
  lora: [
    all,
    ['conv.lora_A.weight', 'conv.lora_B.weight', 'fc.lora_A.weight', 'fc.lora_B.weight'].concat([
      'out.lora_A.weight',
      'out.lora_B.weight',
    ]),
  ],
  'lora of rank 1': [
    lora({ targets: /fc\.weight/, rank: 1, rankStabilized: true }),
    ['fc.lora_A.weight', 'fc.lora_B.weight'],
  ],
  'scaled outputs': [scalingVectors({ targets: /(fc|conv)\.weight/ }), ['conv.scale', 'fc.scale']],
  'scaled inputs': [scalingVectors({ targets: /fc\.weight/, axis: 1 }), ['fc.scale']],
  'offsets of biases': [biasOffsets(), ['conv.bias.offset', 'fc.bias.offset', 'out.bias.offset']],
};

describe.each(Object.entries(ADAPTERS))('%s', (_name, [adapter, names]) => {
  const start = adapter.init(key(3), base, { dtype: 'float64' });

  test('changes nothing at first', async () => {
    expect(start.names).toEqual(names);
    const changed = model.apply(adapter.apply(base, start), x);
    expect(await changed.data()).toEqual(await model.apply(base, x).data());
  });

  test('changes the model when it is trained', async () => {
    const loss = (small: Parameters): Tensor => sum(square(model.apply(adapter.apply(base, small), x)));
    const slopes = grad(loss)(start);
    const stepped = start.map((values, name) => add(values, mul(slopes.get(name), -1e-3)));
    expect(await loss(stepped).item()).toBeLessThan(await loss(start).item());
  });

  test('has the per-example gradients of a loop', async () => {
    const small = shaken(start);
    await evaluate([base, small, x]);
    await compareWithLoop(
      {
        losses: (own, images) => {
          const named = new Parameters(small.names.map((name, i) => [name, own[i]!]));
          return sum(square(model.apply(adapter.apply(base, named), images)), { axis: 1 });
        },
        params: [...small].map(([, values]) => values),
        batch: [x],
      },
      'adapter',
    );
  });
});

test('lora adds the product of its factors', async () => {
  const small = shaken(all.init(key(3), base, { dtype: 'float64' }));
  const { weight, a, b } = {
    weight: base.get('out.weight'),
    a: small.get('out.lora_A.weight'),
    b: small.get('out.lora_B.weight'),
  };
  expect([a.shape, b.shape]).toEqual([
    [2, 12],
    [4, 2],
  ]);
  const h = normal(key(5), [3, 12], { dtype: 'float64' });
  const beside = add(linear(h, transpose(weight)), mul(linear(linear(h, a), b), 3));
  const merged = linear(h, transpose(all.apply(base, small).get('out.weight')));
  expectClose(await merged.data(), await beside.data(), TOLERANCE, 'products');
});

test('merging is undone to the bit', async () => {
  const small = shaken(all.init(key(3), base, { dtype: 'float64' }));
  await evaluate([base, small]);
  const merged = await all.delta(base, small).apply(base);
  const added = all.apply(base, small);
  for (const name of base.names) {
    expectClose(await merged.parameters.get(name).data(), await added.get(name).data(), TOLERANCE, name);
  }
  expect(await merged.parameters.get('fc.weight').data()).not.toEqual(await base.get('fc.weight').data());
  const back = await merged.revert();
  for (const name of base.names) expect(await back.get(name).data()).toEqual(await base.get(name).data());
});

test.each([
  [
    'no target',
    () => lora({ targets: /nothing/, rank: 1 }).init(key(0), base),
    'no parameter among the 6 is a target',
  ],
  [
    'a vector',
    () => lora({ targets: /bias/, rank: 1 }).init(key(0), base),
    "two axes or more expected, 'conv.bias' is [3]",
  ],
  ['a rank of 0', () => lora({ targets: /./, rank: 0 }), 'lora: rank must be a positive integer, got 0'],
  [
    'an infinite alpha',
    () => lora({ targets: /./, rank: 1, alpha: Infinity }),
    'alpha must be a finite number',
  ],
  ['another axis', () => scalingVectors({ targets: /./, axis: 2 as 1 }), 'axis 0 or 1 expected, got 2'],
])('%s is refused', (_name, make, message) => {
  expect(make).toThrow(message);
});
