import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { square } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import type { OptimizerState } from '../../lib/optim/optimizer';
import { sgd } from '../../lib/optim/sgd';
import { grad } from '../../lib/transforms/grad';

const float64 = (...values: number[]) => tensor(Float64Array.from(values));

describe('sgd', () => {
  it('follows the formula for ten steps', async () => {
    const [learningRate, momentum, weightDecay] = [0.1, 0.9, 0.01];
    const optimizer = sgd({ learningRate, momentum, weightDecay, nesterov: true });
    let params = float64(1, -2);
    let state = optimizer.init(params);
    const theta = [1, -2];
    const velocity = [0, 0];
    for (let t = 0; t < 10; t++) {
      const gradient = [Math.sin(t), Math.cos(t)];
      ({ params, state } = optimizer.step(params, float64(...gradient), state));
      for (const i of [0, 1]) {
        const d = gradient[i]! + weightDecay * theta[i]!;
        velocity[i] = momentum * velocity[i]! + d;
        theta[i]! -= learningRate * (d + momentum * velocity[i]);
      }
    }
    const values = await params.data();
    // The same operations in the same order, but for fused multiply-adds.
    expect(values[0]).toBeCloseTo(theta[0]!, 14);
    expect(values[1]).toBeCloseTo(theta[1]!, 14);
  });

  it('finds the minimum of a bowl, as one program', async () => {
    const optimizer = sgd({ learningRate: 0.1 });
    const loss = (params: Parameters) => sum(square(params.get('w')));
    const train = compile((params: Parameters, state: OptimizerState<Parameters>) =>
      optimizer.step(params, grad(loss)(params), state),
    );
    let params = new Parameters([['w', tensor([3, -4])]]);
    let state = optimizer.init(params);
    expect(state.moments).toHaveLength(0);
    for (let i = 0; i < 100; i++) ({ params, state } = await train(params, state));
    for (const value of await params.get('w').data()) expect(Math.abs(value)).toBeLessThan(1e-6);
    expect(train.programCount).toBe(1);
  });

  it('keeps the dtype of every parameter', () => {
    const optimizer = sgd({ momentum: 0.5 });
    const params = [tensor([1]), float64(1)];
    const { params: next } = optimizer.step(params, params, optimizer.init(params));
    expect(next.map(({ dtype }) => dtype)).toEqual(['float32', 'float64']);
  });

  it('refuses what makes no sense', () => {
    expect(() => sgd({ nesterov: true })).toThrow('sgd: nesterov needs a momentum');
    expect(() => sgd({ momentum: -1 })).toThrow('sgd: momentum must be a finite number from 0, got -1');
    expect(() => sgd({ momentun: 1 } as object)).toThrow("did you mean 'momentum'?");
    const optimizer = sgd();
    const params = float64(1, 2);
    expect(() => optimizer.step(params, float64(1), optimizer.init(params))).toThrow('sgd: gradients of');
  });
});
