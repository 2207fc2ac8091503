import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import * as optim from '../../lib/optim';
import { adam, blockMask, clipped, fit, lbfgs, masked, sgd, withWarmup } from '../../lib/optim';
import { square, sum } from '../../lib/ops';
import { code } from '../support/errors';

// What JavaScript callers can give and TypeScript does not let through: one clear error each.

// Fits everywhere, as what JavaScript gives does.
const no = (value: unknown): any => value;
const params = new Parameters([['w', tensor([1, 2])]]);
const score = (): Promise<number> => Promise.resolve(0);
const loss = (p: Parameters): Tensor => sum(square(p.get('w')));

describe.each(['sgd', 'adam', 'adamw', 'lion', 'rmsprop', 'adagrad', 'adafactor'] as const)('%s', (name) => {
  const make = (options: unknown): unknown => optim[name](no(options));
  test.each([
    ['no object', null],
    ['a number', 0.1],
    ['a learning rate that is a text', { learningRate: '0.1' }],
    ['a learning rate that is null', { learningRate: null }],
    ['groups that are no list', { groups: { parameters: /w/ } }],
    ['a group that is none', { groups: [/w/, null] }],
    ['a misspelled option', { learninRate: 0.1 }],
  ])('refuses %s', (_what, options) => {
    expect(() => make(options)).toThrow(code('ERR_OPTION'));
  });

  test('refuses another state, and a schedule of numbers', () => {
    const optimizer = optim[name]();
    expect(() => optimizer.step(params, params, no({}))).toThrow('a state made by init or step expected');
    const scheduled = optim[name]({ learningRate: no(() => 0.1) });
    expect(() => scheduled.step(params, params, scheduled.init(params))).toThrow(code('ERR_OPTION'));
  });
});

test('wrappers are around optimisers', () => {
  expect(() => masked(no({}), () => true)).toThrow('masked: an optimiser expected, got an object');
  expect(() => masked(adam(), no(true))).toThrow(code('ERR_ARGUMENT'));
  expect(() => clipped(no(undefined), { value: 1 })).toThrow('clipped: an optimiser expected, got undefined');
  expect(() => withWarmup(no(0.1), 3)).toThrow('withWarmup: a schedule expected, got 0.1');
  expect(() => blockMask([2, 2], no([1]))).toThrow('blockMask: the options must be an object, got an array');
  expect(() => blockMask([2, 2], no({ 0: 1 }))).toThrow('a list of indices along axis 0 expected');
});

test.each([
  ['a loss', { loss: undefined }, 'ERR_ARGUMENT'],
  ['batches that are no function', { batches: [] }, 'ERR_ARGUMENT'],
  ['an optimiser', { optimizer: 'adam' }, 'ERR_ARGUMENT'],
  ['an average', { average: {} }, 'ERR_ARGUMENT'],
  ['a score', { evaluation: { everySteps: 1 } }, 'ERR_ARGUMENT'],
  ['a misspelled patience', { evaluation: { everySteps: 1, score, patient: 2 } }, 'ERR_OPTION'],
  ['a negative change', { evaluation: { everySteps: 1, score, minimumChange: -1 } }, 'ERR_OPTION'],
  ['a test', { stopWhen: { everySteps: 1 } }, 'ERR_ARGUMENT'],
  ['a folder', { checkpoint: { everySteps: 1 } }, 'ERR_OPTION'],
  ['a rule that is none', { checkpoint: null }, 'ERR_OPTION'],
] as const)('fit refuses a run without %s, before it takes a step', async (_what, wrong, wanted) => {
  let isAsked = false;
  const batches = (): Tensor[] => {
    isAsked = true;
    return [tensor([1])];
  };
  const options = { params, loss, optimizer: sgd(), epochs: 1, batches };
  await expect(fit(no({ ...options, ...wrong }))).rejects.toMatchObject({ code: wanted });
  expect(isAsked).toBe(false);
});

test('lbfgs is refused without a function', async () => {
  await expect(lbfgs(no(undefined), params)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
});
