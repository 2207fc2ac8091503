import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { weightAverage, type AverageState } from '../../lib/optim/average';

const float64 = (...values: number[]) => tensor(Float64Array.from(values));

describe('weightAverage', () => {
  it.each([
    ['with warm-up', { decay: 0.5 }, (t: number) => Math.min(0.5, t / (t + 9))],
    ['without', { decay: 0.9, warmup: false }, () => 0.9],
  ])('follows the formula %s', async (_name, options, decayOf) => {
    const average = weightAverage(options);
    const update = compile((state: AverageState<Tensor>, params: Tensor) => average.update(state, params));
    let state = average.init(float64(1, 2));
    const expected = [1, 2];
    for (let t = 1; t <= 12; t++) {
      const params = [Math.sin(t), Math.cos(t)];
      state = await update(state, float64(...params));
      expected.forEach((old, i) => (expected[i] = decayOf(t) * old + (1 - decayOf(t)) * params[i]!));
    }
    const values = await state.params.data();
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 13));
    expect(await state.step.item()).toBe(12);
    expect(update.programCount).toBe(1);
  });

  it('of weights that stay is the weights, bit for bit', async () => {
    const average = weightAverage();
    const weights = tensor([0.1, 1e-30, -3e20]);
    let state = average.init(weights);
    for (let t = 0; t < 5; t++) state = average.update(state, weights);
    expect(await state.params.data()).toEqual(await weights.data());
  });

  it('has a decay below 1', () => {
    expect(() => weightAverage({ decay: 1 })).toThrow('weightAverage: decay must be a number from 0');
  });
});
