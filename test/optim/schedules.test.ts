import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Schedule } from '../../lib/optim/optimizer';
import {
  constantRate,
  cosineDecay,
  exponentialDecay,
  inverseSqrt,
  linearDecay,
  oneCycle,
  polynomialDecay,
  stepDecay,
  withWarmup,
} from '../../lib/optim/schedules';

async function ratesOf(schedule: Schedule, steps: readonly number[]): Promise<number[]> {
  const rates = await evaluate(steps.map((step) => schedule(tensor(step, { dtype: 'float64' }))));
  return Promise.all(rates.map((rate) => rate.item()));
}

function expectClose(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 14));
}

describe('schedules', () => {
  it('decay along a line and stay at the end', async () => {
    const rates = await ratesOf(linearDecay({ from: 1, to: 0.2, steps: 4 }), [0, 1, 2, 4, 9]);
    expectClose(rates, [1, 0.8, 0.6, 0.2, 0.2]);
  });

  it('decay along a cosine and stay at the end', async () => {
    const rates = await ratesOf(cosineDecay({ from: 1, steps: 4 }), [0, 2, 4, 9]);
    expectClose(rates, [1, 0.5, 0, 0]);
  });

  it('decay in stages', async () => {
    const rates = await ratesOf(stepDecay({ from: 1, every: 3 }), [0, 2, 3, 6]);
    expectClose(rates, [1, 1, 0.1, 0.01]);
  });

  it('rise to the first rate and start then', async () => {
    const rates = await ratesOf(withWarmup(linearDecay({ from: 1, steps: 4 }), 2), [0, 1, 2, 3, 6]);
    expectClose(rates, [0.5, 1, 1, 0.75, 0]);
  });

  it('stay, or decay by a power or a factor', async () => {
    expectClose(await ratesOf(constantRate(0.3), [0, 7]), [0.3, 0.3]);
    const polynomial = polynomialDecay({ from: 1, to: 0.2, steps: 4, power: 2 });
    expectClose(await ratesOf(polynomial, [0, 2, 4, 9]), [1, 0.4, 0.2, 0.2]);
    expectClose(await ratesOf(exponentialDecay({ from: 2, factor: 0.5 }), [0, 1, 3]), [2, 1, 0.25]);
  });

  it('rise in a line and fall with the root', async () => {
    const rates = await ratesOf(inverseSqrt({ peak: 2, warmup: 4 }), [0, 1, 3, 15, 63]);
    expectClose(rates, [0.5, 1, 2, 1, 0.5]);
  });

  it('go up and down once', async () => {
    // As OneCycleLR: 1/25 at first, the peak at step 0.3 10 - 1 = 2, the smallest at the last step.
    const cycle = oneCycle({ peak: 1, steps: 10 });
    const [first, half, top, middle, last] = await ratesOf(cycle, [0, 1, 2, 5.5, 9]);
    expectClose(
      [first!, half!, top!, middle!, last!],
      [0.04, (1 + 0.04) / 2, 1, (1 + 0.04 / 1e4) / 2, 0.04 / 1e4],
    );
    expect(() => oneCycle({ peak: 1, steps: 1 })).toThrow('oneCycle: 1 steps leave none');
  });

  it('refuse impossible lengths', () => {
    expect(() => linearDecay({ from: 1, steps: 0 })).toThrow(
      'linearDecay: steps must be a positive integer, got 0',
    );
    expect(() => withWarmup(stepDecay({ from: 1, every: 1 }), 1.5)).toThrow('withWarmup: steps');
    expect(() => cosineDecay({ from: 1, steps: 4, end: 0 } as never)).toThrow("unknown option 'end'");
  });
});
