import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import type { Optimizer } from '../../lib/optim/optimizer';

export const float64 = (...values: number[]) => tensor(Float64Array.from(values));

/** A gradient per step and entry: of both signs, and not the same twice. */
export const slope = (t: number, i: number): number => Math.sin(t + 2 * i) + 0.3;

/** The two entries of a parameter after ten steps from [1, -2]. */
export async function afterTenSteps(optimizer: Optimizer): Promise<Float64Array> {
  const step = compile(optimizer.step<ReturnType<typeof float64>>);
  let params = float64(1, -2);
  let state = optimizer.init(params);
  for (let t = 1; t <= 10; t++) {
    ({ params, state } = await step(params, float64(slope(t, 0), slope(t, 1)), state));
  }
  return params.data<'float64'>();
}

/** The same by a formula for one entry, given its gradients in order. */
export const byFormula = (formula: (theta: number, gradients: readonly number[]) => number): number[] =>
  [1, -2].map((theta, i) =>
    formula(
      theta,
      Array.from({ length: 10 }, (_, t) => slope(t + 1, i)),
    ),
  );
