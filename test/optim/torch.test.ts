import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { adafactor } from '../../lib/optim/adafactor';
import { adam, adamw } from '../../lib/optim/adam';
import { cosineDecay, linearDecay, stepDecay } from '../../lib/optim/schedules';
import { sgd } from '../../lib/optim/sgd';

interface Golden {
  readonly shapes: readonly (readonly number[])[];
  readonly start: readonly (readonly number[])[];
  readonly gradients: readonly (readonly (readonly number[])[])[];
  readonly cases: readonly {
    readonly optimizer: 'sgd' | 'adam' | 'adamw' | 'adafactor';
    readonly options: object;
    readonly after: readonly (readonly (readonly number[])[])[];
  }[];
  readonly schedules: readonly {
    readonly schedule: 'cosineDecay' | 'linearDecay' | 'stepDecay';
    readonly options: { readonly from: number; readonly steps: number; readonly every: number };
    readonly rates: readonly number[];
  }[];
}

const golden = JSON.parse(readFileSync(join(__dirname, '../golden/optimizers.json'), 'utf8')) as Golden;

/** Both sides compute in float64; the order of the roundings in a step differs. */
const TOLERANCE = 1e-13;

const OPTIMIZERS = { sgd, adam, adamw, adafactor };
const SCHEDULES = { cosineDecay, linearDecay, stepDecay };

const tensors = (values: readonly (readonly number[])[]): Tensor[] =>
  values.map((list, i) => tensor(Float64Array.from(list), { shape: golden.shapes[i]! }));

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe("PyTorch's trajectories", () => {
  it.each(golden.cases)(
    'are those of $optimizer with $options',
    async ({ optimizer: name, options, after }) => {
      const optimizer = OPTIMIZERS[name](options);
      const step = compile(optimizer.step<Tensor[]>);
      let params = tensors(golden.start);
      let state = optimizer.init(params);
      for (const [i, gradients] of golden.gradients.entries()) {
        ({ params, state } = await step(params, tensors(gradients), state));
        for (const [which, parameter] of params.entries()) {
          expect(largestDifference(await parameter.data(), after[i]![which]!)).toBeLessThan(TOLERANCE);
        }
      }
      expect(step.programCount).toBe(1);
      expect(await state.step.item()).toBe(golden.gradients.length);
    },
  );

  it.each(golden.schedules)('have the learning rates of $schedule', async ({ schedule, options, rates }) => {
    const rate = SCHEDULES[schedule](options);
    for (const [step, expected] of rates.entries()) {
      expect(await rate(tensor(step, { dtype: 'float64' })).item()).toBeCloseTo(expected, 13);
    }
  });
});
