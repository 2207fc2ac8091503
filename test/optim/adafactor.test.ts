import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { tensorsOf } from '../../lib/graph/tree';
import { full, zeros } from '../../lib/ops/elementwise/arithmetic';
import { adafactor } from '../../lib/optim/adafactor';
import { masked } from '../../lib/optim/mask';

const params = new Parameters([
  ['w', full([2, 30, 40], 0.5)],
  ['b', full([40], 0.5)],
  ['s', tensor(0.5)],
]);
const slopes = params.map((x) => full(x.shape, 0.1));

// The steps themselves are compared with PyTorch's in torch.test.ts.

test('remembers rows and columns of matrices alone', () => {
  const { moments } = adafactor().init(params);
  expect(moments.map((moment) => tensorsOf(moment).map(({ shape }) => shape))).toEqual([
    [[2, 30, 1], [40], []],
    [[2, 1, 40], [], []],
  ]);
});

test('leaves parameters as they are that are masked as a whole', async () => {
  const optimizer = masked(adafactor(), (name) => name === 'w');
  const { params: after, state } = optimizer.step(params, slopes, optimizer.init(params));
  expect(new Set(await after.get('b').data())).toEqual(new Set([0.5]));
  expect(Math.max(...(await after.get('w').data()))).toBeLessThan(0.5);
  expect(Math.max(...(await tensorsOf(state.moments[0])[1]!.data()))).toBe(0);
});

test('cannot keep the moments of single entries', () => {
  const optimizer = masked(adafactor(), (name) => (name === 'w' ? { 1: [3] } : false));
  expect(() => optimizer.step(params, slopes, optimizer.init(params))).toThrow(
    "masked: this optimiser keeps a moment [2, 30, 1] for all entries of 'w' [2, 30, 40]",
  );
});

test('moves nothing without gradients, and refuses bad options and foreign states', async () => {
  const none = params.map((x) => zeros(x.shape));
  const { params: after } = adafactor().step(params, none, adafactor().init(params));
  expect(new Set(await after.get('w').data())).toEqual(new Set([0.5]));
  expect(() => adafactor({ clipThreshold: 0 })).toThrow('clipThreshold must be positive, got 0');
  const foreign = { step: zeros([], 'int32'), moments: [params, params] };
  expect(() => adafactor().step(params, slopes, foreign)).toThrow('moments');
});
