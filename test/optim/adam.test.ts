import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { adam, adamw } from '../../lib/optim/adam';
import { cosineDecay } from '../../lib/optim/schedules';
import type { OptimizerState } from '../../lib/optim/optimizer';

const float64 = (...values: number[]) => tensor(Float64Array.from(values));

/** Moments are computed alike, the quotient in another order: a few roundings of numbers near 1. */
const DIGITS = 13;

describe.each([
  { optimizerName: 'adam', make: adam, decoupled: false },
  { optimizerName: 'adamw', make: adamw, decoupled: true },
])('$optimizerName', ({ make, decoupled }) => {
  it('follows the formula for ten steps', async () => {
    const [learningRate, beta1, beta2, eps, weightDecay] = [0.05, 0.8, 0.9, 1e-3, 0.02];
    const optimizer = make({ learningRate, beta1, beta2, eps, weightDecay });
    let params = float64(1, -2);
    let state = optimizer.init(params);
    const theta = [1, -2];
    const m = [0, 0];
    const v = [0, 0];
    for (let t = 1; t <= 10; t++) {
      const gradient = [Math.sin(t), Math.cos(t)];
      ({ params, state } = optimizer.step(params, float64(...gradient), state));
      for (const i of [0, 1]) {
        const g = gradient[i]! + (decoupled ? 0 : weightDecay * theta[i]!);
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        if (decoupled) theta[i]! *= 1 - learningRate * weightDecay;
        const mean = m[i] / (1 - beta1 ** t);
        theta[i]! -= (learningRate * mean) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + eps);
      }
    }
    const values = await params.data();
    expect(values[0]).toBeCloseTo(theta[0]!, DIGITS);
    expect(values[1]).toBeCloseTo(theta[1]!, DIGITS);
  });
});

describe('the learning rate of a step', () => {
  const start = float64(1);
  const slope = float64(1);

  it('may be an argument of a compiled step, without another program', async () => {
    const optimizer = adam();
    const step = compile((params: Tensor, state: OptimizerState<Tensor>, learningRate: Tensor) =>
      optimizer.step(params, slope, state, { learningRate }),
    );
    for (const rate of [0.5, 0.25]) {
      const { params } = await step(start, optimizer.init(start), tensor(rate));
      expect(await params.item()).toBeCloseTo(1 - rate, 7);
    }
    expect(step.programCount).toBe(1);
  });

  it('may follow a schedule inside the program', async () => {
    const optimizer = adam({
      learningRate: cosineDecay({ from: 0.5, steps: 2 }),
      beta1: 0,
      beta2: 0,
      eps: 0,
    });
    const step = compile(optimizer.step<Tensor>);
    let params = start;
    let state = optimizer.init(params);
    const visited: number[] = [];
    for (let i = 0; i < 3; i++) {
      ({ params, state } = await step(params, slope, state));
      visited.push(await params.item());
    }
    // Without averages every step is the learning rate itself: 0.5, 0.25, 0.
    [0.5, 0.25, 0.25].forEach((expected, i) => expect(visited[i]).toBeCloseTo(expected, 14));
    expect(step.programCount).toBe(1);
  });

  it('is one number', () => {
    const optimizer = adam();
    const state = optimizer.init(start);
    expect(() => optimizer.step(start, slope, state, { learningRate: float64(1, 2) })).toThrow(
      'adam: learningRate must be one float, got float64 [2]',
    );
  });
});

describe('options of adam', () => {
  it.each([
    [{ beta1: 1 }, 'adam: beta1 must be a number from 0 to below 1, got 1'],
    [{ eps: NaN }, 'adam: eps must be a finite number from 0, got NaN'],
    [{ learningRates: 1 }, "adam: unknown option 'learningRates'; did you mean 'learningRate'?"],
  ])('%j is refused', (options: object, message) => {
    expect(() => adam(options)).toThrow(message);
  });
});
