import { runInNewContext } from 'node:vm';

import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { adam, adamw } from '../../lib/optim/adam';
import type { Optimizer } from '../../lib/optim/optimizer';
import { sgd } from '../../lib/optim/sgd';

const start = new Parameters([
  ['fc.weight', tensor([1, 2])],
  ['fc.bias', tensor([3, 4])],
]);
const slopes = start.map(() => tensor([0.5, -0.5]));

async function afterTwo(optimizer: Optimizer, name: string, learningRate?: number): Promise<unknown> {
  let [params, state] = [start, optimizer.init(start)];
  const options = learningRate === undefined ? {} : { learningRate };
  for (let i = 0; i < 2; i++) ({ params, state } = optimizer.step(params, slopes, state, options));
  return params.get(name).data();
}

describe('groups', () => {
  it('give each parameter the bits of an optimiser of its own', async () => {
    const grouped = adamw({
      learningRate: 0.1,
      weightDecay: 0.5,
      groups: [{ parameters: /bias$/, weightDecay: 0, learningRate: 0.01 }],
    });
    expect(await afterTwo(grouped, 'fc.weight')).toEqual(
      await afterTwo(adamw({ learningRate: 0.1, weightDecay: 0.5 }), 'fc.weight'),
    );
    const ofBias = await afterTwo(grouped, 'fc.bias');
    expect(ofBias).toEqual(await afterTwo(adamw({ learningRate: 0.01, weightDecay: 0 }), 'fc.bias'));
    expect(ofBias).not.toEqual(await afterTwo(adamw({ learningRate: 0.1, weightDecay: 0 }), 'fc.bias'));
  });

  it('take the rate of a step unless they have one', async () => {
    const grouped = sgd({ groups: [{ parameters: /bias$/, learningRate: 0.25 }] });
    expect(await afterTwo(grouped, 'fc.weight', 1)).toEqual(Float32Array.of(0, 3));
    expect(await afterTwo(grouped, 'fc.bias', 1)).toEqual(Float32Array.of(2.75, 4.25));
  });

  it('may differ in momentum', async () => {
    const grouped = sgd({ learningRate: 0.1, groups: [{ parameters: /bias$/, momentum: 0.9 }] });
    expect(await afterTwo(grouped, 'fc.weight')).toEqual(
      await afterTwo(sgd({ learningRate: 0.1 }), 'fc.weight'),
    );
    expect(await afterTwo(grouped, 'fc.bias')).toEqual(
      await afterTwo(sgd({ learningRate: 0.1, momentum: 0.9 }), 'fc.bias'),
    );
  });

  it('must be for something, and spelled right', () => {
    const lost = adam({ groups: [{ parameters: /biases$/, eps: 0 }] });
    expect(() => lost.init(start)).toThrow('adam: no parameter matches /biases$/; there are 2: fc.weight');
    expect(() => adam({ groups: [{ parameters: /bias/, ep: 0 } as never] })).toThrow("unknown option 'ep'");
    expect(() => adam({ groups: [{ parameters: 'bias' as never }] })).toThrow('a RegExp or a function');
    expect(() => adam({ groups: [{ parameters: /bias/, amsgrad: true }] })).toThrow(
      'adam: amsgrad is for all groups or none',
    );
  });
});

test('patterns of other contexts are patterns', () => {
  const parameters = runInNewContext('/bias/') as RegExp;
  expect(parameters instanceof RegExp).toBe(false);
  expect(() => sgd({ groups: [{ parameters, learningRate: 1 }] })).not.toThrow();
});
