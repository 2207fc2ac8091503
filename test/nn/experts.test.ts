import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { evaluate } from '../../lib/graph/evaluate';
import { loadBalance, nn } from '../../lib/nn';
import { add, mul, square } from '../../lib/ops/elementwise';
import { sum } from '../../lib/ops/reduce';
import { slice } from '../../lib/ops/shape/slice';
import { key, normal } from '../../lib/random';
import { grad } from '../../lib/transforms';
import { tensor } from '../../lib/graph/create';
import { expectClose } from '../support/compare';
import { compareWithLoop } from '../support/exampleLoop';

const TOLERANCE = 1e-12;
const WIDTH = 4;
const EXPERTS = 5;
const options = {
  experts: EXPERTS,
  top: 2,
  hidden: 6,
  activation: 'silu',
  gated: true,
  bias: false,
} as const;
const block = nn.mixtureOfExperts(WIDTH, options);
const theta = block.init(key(1), { dtype: 'float64' });
const x = normal(key(2), [3, 2, WIDTH], { dtype: 'float64' });

test('is the weighted sum of the chosen experts, one step after the other', async () => {
  const { output, probabilities, gates } = block.apply(theta, x);
  await evaluate([output, probabilities, gates]);
  const [p, g] = [await probabilities.data<'float64'>(), await gates.data<'float64'>()];
  const expert = nn.feedForward(WIDTH, { hidden: 6, activation: 'silu', gated: true, bias: false });
  for (let step = 0; step < 6; step++) {
    const own = [...p.slice(step * EXPERTS, (step + 1) * EXPERTS)];
    const order = [...own.keys()].sort((a, b) => own[b]! - own[a]!).slice(0, 2);
    const total = order.reduce((all, e) => all + own[e]!, 0);
    const expected = own.map((value, e) => (order.includes(e) ? value / total : 0));
    expectClose(g.slice(step * EXPERTS, (step + 1) * EXPERTS), expected, TOLERANCE, `gates of step ${step}`);
    const [n, t] = [Math.floor(step / 2), step % 2];
    const row = (y: Tensor): Tensor => slice(y, { starts: [n, t], stops: [n + 1, t + 1] });
    const parts = order.map((e) => {
      const named = theta.select(new RegExp(`^experts\\.${e}\\.`));
      const mine = new Parameters(
        [...named].map(([name, part]) => [name.replace(`experts.${e}.`, ''), part]),
      );
      return mul(expert.apply(mine, row(x)), expected[e]!);
    });
    expectClose(await row(output).data(), await add(parts[0]!, parts[1]!).data(), TOLERANCE, `step ${step}`);
  }
});

test('experts that nobody chose have no gradient', async () => {
  const one = slice(x, { stops: [1, 1] });
  const { gates } = block.apply(theta, one);
  const slopes = grad((p: Parameters) => sum(square(block.apply(p, one).output)))(theta);
  const used = [...(await gates.data<'float64'>())].map((value) => value > 0);
  expect(used.filter(Boolean)).toHaveLength(2);
  for (const [e, isUsed] of used.entries()) {
    const size = await sum(square(slopes.get(`experts.${e}.down_proj.weight`))).item();
    if (isUsed) expect(size).toBeGreaterThan(0);
    else expect(size).toBe(0);
  }
});

test('has exact statistics of gradients per example', async () => {
  await compareWithLoop(
    {
      losses: (p, inputs) => {
        const named = new Parameters(theta.names.map((name, i) => [name, p[i]!]));
        return sum(square(block.apply(named, inputs).output), { axis: [1, 2] });
      },
      params: [...theta].map(([, part]) => part),
      batch: [x],
    },
    'a mixture of experts',
  );
});

test('the balance is 1 when all experts are used alike, and larger otherwise', async () => {
  const even = tensor(
    [
      [0.5, 0.5],
      [0.5, 0.5],
    ],
    { dtype: 'float64' },
  );
  const apart = tensor(
    [
      [1, 0],
      [0, 1],
    ],
    { dtype: 'float64' },
  );
  expect(await loadBalance(even, apart).item()).toBeCloseTo(1, 12);
  const always = tensor(
    [
      [1, 0],
      [1, 0],
    ],
    { dtype: 'float64' },
  );
  expect(await loadBalance(always, always).item()).toBeCloseTo(2, 12);
});

test('wrong calls are told', () => {
  expect(() => nn.mixtureOfExperts(4, { experts: 2, top: 3 })).toThrow('3 of 2 experts cannot be chosen');
  expect(() => nn.mixtureOfExperts(4, { experts: 0 })).toThrow('nn.mixtureOfExperts');
  expect(() => nn.mixtureOfExperts(4, { experts: 2, tops: 1 } as never)).toThrow("unknown option 'tops'");
});
