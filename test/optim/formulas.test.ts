import { adagrad } from '../../lib/optim/adagrad';
import { adam, adamw } from '../../lib/optim/adam';
import { lion } from '../../lib/optim/lion';
import type { Optimizer } from '../../lib/optim/optimizer';
import { rmsprop } from '../../lib/optim/rmsprop';
import { relativeError } from '../support/compare';
import { afterTenSteps, byFormula } from './trajectory';

/** Both sides compute in float64; the order of the roundings differs. */
const TOLERANCE = 1e-13;

type Formula = (theta: number, gradients: readonly number[]) => number;

/** The published updates, written out for one number. */
const amsgrad =
  (decay: number, decoupled: boolean): Formula =>
  (theta, gradients) => {
    let [m, v, largest] = [0, 0, 0];
    gradients.forEach((gradient, k) => {
      const g = gradient + (decoupled ? 0 : decay * theta);
      m = 0.8 * m + 0.2 * g;
      v = 0.5 * v + 0.5 * g * g;
      largest = Math.max(largest, v);
      if (decoupled) theta *= 1 - 0.05 * decay;
      const root = Math.sqrt(largest / (1 - 0.5 ** (k + 1))) + 1e-3;
      theta -= (0.05 * (m / (1 - 0.8 ** (k + 1)))) / root;
    });
    return theta;
  };

const adagradFormula: Formula = (theta, gradients) => {
  let sum = 0.25;
  gradients.forEach((gradient, k) => {
    const g = gradient + 0.1 * theta;
    sum += g * g;
    theta -= ((0.2 / (1 + 0.03 * k)) * g) / (Math.sqrt(sum) + 1e-4);
  });
  return theta;
};

const rmspropFormula =
  (centered: boolean, momentum: number): Formula =>
  (theta, gradients) => {
    let [squares, mean, velocity] = [0, 0, 0];
    for (const gradient of gradients) {
      const g = gradient + 0.1 * theta;
      squares = 0.9 * squares + 0.1 * g * g;
      mean = 0.9 * mean + 0.1 * g;
      const root = Math.sqrt(squares - (centered ? mean * mean : 0)) + 1e-4;
      velocity = momentum * velocity + g / root;
      theta -= 0.02 * velocity;
    }
    return theta;
  };

const lionFormula: Formula = (theta, gradients) => {
  let m = 0;
  for (const g of gradients) {
    const direction = Math.sign(0.9 * m + 0.1 * g);
    theta = theta * (1 - 0.01 * 0.5) - 0.01 * direction;
    m = 0.7 * m + 0.3 * g;
  }
  return theta;
};

const AMSGRAD = { learningRate: 0.05, beta1: 0.8, beta2: 0.5, eps: 1e-3, weightDecay: 0.02, amsgrad: true };
const RMSPROP = { learningRate: 0.02, alpha: 0.9, eps: 1e-4, weightDecay: 0.1 };

const CASES: readonly (readonly [name: string, optimizer: Optimizer, formula: Formula])[] = [
  ['adam with amsgrad', adam(AMSGRAD), amsgrad(0.02, false)],
  ['adamw with amsgrad', adamw(AMSGRAD), amsgrad(0.02, true)],
  [
    'adagrad',
    adagrad({ learningRate: 0.2, learningRateDecay: 0.03, eps: 1e-4, weightDecay: 0.1, initialSum: 0.25 }),
    adagradFormula,
  ],
  ['rmsprop', rmsprop(RMSPROP), rmspropFormula(false, 0)],
  ['rmsprop with momentum', rmsprop({ ...RMSPROP, momentum: 0.7 }), rmspropFormula(false, 0.7)],
  ['centered rmsprop', rmsprop({ ...RMSPROP, centered: true, momentum: 0.7 }), rmspropFormula(true, 0.7)],
  ['lion', lion({ learningRate: 0.01, beta1: 0.9, beta2: 0.7, weightDecay: 0.5 }), lionFormula],
];

describe('ten steps follow the formula', () => {
  it.each(CASES)('of %s', async (_name, optimizer, formula) => {
    expect(relativeError(await afterTenSteps(optimizer), byFormula(formula))).toBeLessThan(TOLERANCE);
  });

  it('and of no other: the formulas differ from each other by far more', async () => {
    const ends = await Promise.all(CASES.map(([, optimizer]) => afterTenSteps(optimizer)));
    for (const [i, a] of ends.entries()) {
      for (const b of ends.slice(i + 1)) expect(relativeError(a, b)).toBeGreaterThan(1e9 * TOLERANCE);
    }
  });
});

test.each([
  [() => adagrad({ eps: -1 }), 'adagrad: eps must be a finite number from 0, got -1'],
  [() => rmsprop({ alpha: 1 }), 'rmsprop: alpha must be a number from 0 to below 1, got 1'],
  [() => lion({ beta: 1 } as object), "lion: unknown option 'beta'; did you mean 'beta1'?"],
])('bad options are refused (%#)', (make, message) => {
  expect(make).toThrow(message);
});
