import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { drawnFrom, filledWith, layer, nn, onesInitial, parameter } from '../../lib/nn';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { relu } from '../../lib/ops/elementwise/math';
import { sum } from '../../lib/ops/reduce/sum';
import { key, normal, uniform } from '../../lib/random';

const X = tensor([[1, -2, 3]]);

const nested = layer(
  {
    scale: parameter([3], filledWith(2)),
    shift: undefined,
    h: [
      nn.linear(3, 3),
      layer({ inner: nn.linear(3, 3, { bias: false }) }, ({ inner }, x: Tensor) => inner(x)),
    ],
    'out.proj': nn.linear(3, 1),
  },
  ({ scale, shift, h, 'out.proj': out }, x: Tensor) => {
    expect(shift).toBeUndefined();
    return out(h.reduce((y, step) => relu(step(y)), mul(x, scale)));
  },
);

test('parameters are named by the paths to them, in the order of the parts', () => {
  const names = ['scale', 'h.0.weight', 'h.0.bias', 'h.1.inner.weight', 'out.proj.weight', 'out.proj.bias'];
  expect(nested.parameters.map(({ name }) => name)).toEqual(names);
  expect(nested.init(key(0)).names).toEqual(names);
});

test('a layer reads what it is given and holds nothing', async () => {
  const twos = nested.init(key(0)).map(({ shape }) => filledWith(2)(key(0), shape, {}));
  // x = (2, -4, 6), then 2 * 4 + 2 = 10 three times, 2 * 30 = 60 three times, 2 * 180 + 2.
  expect([...(await nested.apply(twos, X).data())]).toEqual([362]);
});

test('every parameter has a key of its own, and the same key gives the same', async () => {
  const twins = layer({ a: nn.linear(3, 3), b: nn.linear(3, 3) }, ({ a, b }, x: Tensor) => add(a(x), b(x)));
  const [first, second] = [twins.init(key(1)), twins.init(key(1), { dtype: 'float64' })];
  const values = async (name: string): Promise<number[]> => [...(await first.get(name).data())];
  expect(await values('a.weight')).not.toEqual(await values('b.weight'));
  expect(await values('a.weight')).toEqual([...(await twins.init(key(1)).get('a.weight').data())]);
  expect(second.get('a.weight').dtype).toBe('float64');
});

test('a missing parameter is named in full', () => {
  const { names } = nested.init(key(0));
  const some = nested.init(key(0)).select((name) => name !== 'h.1.inner.weight');
  expect(names).toHaveLength(6);
  expect(() => nested.apply(some, X)).toThrow("no parameter 'h.1.inner.weight'");
});

test('two parameters of one name are refused', () => {
  const clash = layer({ a: { b: nn.rmsNorm(2) }, 'a.b': nn.rmsNorm(2) }, (_parts, x: Tensor) => x);
  expect(() => clash.init(key(0))).toThrow("'a.b.weight' appears twice");
});

test('sequential counts functions without parameters, too', async () => {
  const steps = nn.sequential(nn.linear(3, 2), relu, nn.linear(2, 1));
  expect(steps.init(key(0)).names).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  const ones = steps.init(key(0)).map(({ shape }) => onesInitial(key(0), shape, {}));
  expect(await steps.apply(ones, X).data()).toEqual(Float32Array.of(7));
});

test('initialisers are distributions, as they are or with their options', async () => {
  const wide = layer(
    { w: parameter([1000], uniform), n: parameter([4], drawnFrom(normal, { mean: 7, deviation: 0 })) },
    (_, x: Tensor) => x,
  );
  const { w, n } = Object.fromEntries(wide.init(key(5)));
  expect(await sum(w!).item()).toBeGreaterThan(400);
  expect([...(await n!.data())]).toEqual([7, 7, 7, 7]);
});

test.each([
  ['a width of 0', () => nn.linear(0, 3), 'nn.linear: inputs must be a positive integer, got 0'],
  [
    'a misspelled option',
    () => nn.layerNorm(3, { epss: 1 } as object),
    "unknown option 'epss'; did you mean 'eps'?",
  ],
  [
    'heads that do not divide',
    () => nn.gpt2Block(8, { heads: 3 }),
    'a multiple of the heads expected, got 8 and 3',
  ],
  [
    'an unknown activation',
    () => nn.feedForward(8, { activation: 'swish' as 'silu' }),
    "nn.feedForward: an activation of relu, gelu, geluTanh, silu, squaredRelu expected, got 'swish'",
  ],
  [
    'cross attention without a context',
    () => {
      const block = nn.transformerBlock(4, { heads: 2, crossAttention: 3 });
      return block.apply(block.init(key(0)), normal(key(1), [1, 2, 4]));
    },
    'a context is expected in the call',
  ],
])('%s is refused', (_name, make, message) => {
  expect(make).toThrow(message);
});
