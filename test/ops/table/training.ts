import { dampen } from '../../../lib/ops/curvature/dampen';
import { adamStep, sgdStep } from '../../../lib/ops/training/optimizerStep';
import type { Shape } from '../../../lib/graph/shape';
import { build, type NdArray } from '../../support/array';
import type { Case, Row, Sample } from '../row';

/** The same formula for every element; the last input holds settings. */
const eachElement = (
  inputs: readonly NdArray[],
  f: (values: readonly number[], settings: readonly number[]) => readonly number[],
): NdArray[] => {
  const settings = [...inputs.at(-1)!.data];
  const like = inputs.slice(0, -1);
  const results = Array.from(like[0]!.data, (_, i) =>
    f(
      like.map((x) => x.data[i]!),
      settings,
    ),
  );
  const { shape } = like[0]!;
  const count = f(
    like.map(() => 1),
    settings,
  ).length;
  return Array.from({ length: count }, (_, k) => ({
    shape,
    data: Float64Array.from(results, (result) => result[k]!),
  }));
};

const settings = (values: readonly number[]): Sample => ({
  shape: [values.length],
  dtype: 'float64',
  values,
});

const SHAPES: readonly (readonly [name: string, shape: Shape])[] = [
  ['a matrix', [3, 4]],
  ['one element', [1]],
  ['no elements', [0, 3]],
];

/** Cases of every shape under every setting. */
const steps = (
  ranges: readonly (readonly [number, number])[],
  variants: Record<string, readonly number[]>,
): Case[] =>
  Object.entries(variants).flatMap(([variant, values]) =>
    SHAPES.map(([name, shape]) => ({
      name: `${name}, ${variant}`,
      inputs: [...ranges.map((range) => ({ shape, range })), settings(values)],
    })),
  );

const large = (ranges: readonly (readonly [number, number])[], values: readonly number[]): Case => ({
  name: 'large',
  inputs: [...ranges.map((range) => ({ shape: [301, 257], range })), settings(values)],
});

const SIGNED = [-2, 2] as const;
const SQUARES = [0.1, 2] as const;
const SGD = [SIGNED, SIGNED, SIGNED];
const ADAM = [SIGNED, SIGNED, SIGNED, SQUARES];
const DAMPEN = [SIGNED, SQUARES, SQUARES];

const damped = (theta: number, forget: number, full: number, alpha: number, lambda: number): number => {
  const isSelected = forget > alpha * full;
  const ratio = (lambda * full) / forget;
  return isSelected && ratio < 1 ? ratio * theta : theta;
};

/** One step of an optimiser or an edit, over a whole parameter in one pass. */
export const training: readonly Row[] = [
  {
    name: 'sgdStep',
    run: ([p, g, v, s]) => {
      const { parameter, velocity } = sgdStep(p!, g!, v!, s!);
      return [parameter, velocity];
    },
    reference: (inputs) =>
      eachElement(inputs, ([p, g, v], [rate, momentum, decay, nesterov]) => {
        const d = g! + decay! * p!;
        const next = momentum! * v! + d;
        return [p! - rate! * (nesterov === 1 ? d + momentum! * next : next), next];
      }),
    cases: steps(SGD, {
      plain: [0.1, 0, 0, 0],
      momentum: [0.1, 0.9, 0.01, 0],
      nesterov: [0.1, 0.9, 0.01, 1],
    }),
    large: large(SGD, [0.1, 0.9, 0.01, 1]),
    orders: 0,
  },
  {
    name: 'adamStep',
    run: ([p, g, m, v, s]) => {
      const { parameter, first, second } = adamStep(p!, g!, m!, v!, s!);
      return [parameter, first, second];
    },
    reference: (inputs) =>
      eachElement(
        inputs,
        ([p, g, m, v], [rate, beta1, beta2, eps, decay, decoupled, correction1, correction2]) => {
          const isDecoupled = decoupled === 1;
          const gradient = g! + (isDecoupled ? 0 : decay! * p!);
          const first = beta1! * m! + (1 - beta1!) * gradient;
          const second = beta2! * v! + (1 - beta2!) * gradient ** 2;
          const step = first / correction1! / (Math.sqrt(second / correction2!) + eps!);
          return [p! * (isDecoupled ? 1 - rate! * decay! : 1) - rate! * step, first, second];
        },
      ),
    cases: steps(ADAM, {
      'first step': [0.01, 0.9, 0.999, 1e-8, 0, 0, 0.1, 0.001],
      'weight decay': [0.01, 0.9, 0.999, 1e-8, 0.1, 0, 0.19, 0.002],
      decoupled: [0.01, 0.9, 0.999, 1e-8, 0.1, 1, 1, 1],
    }),
    large: large(ADAM, [0.01, 0.9, 0.999, 1e-8, 0.1, 1, 0.5, 0.1]),
    orders: 0,
  },
  {
    name: 'dampen',
    run: ([theta, forget, full, s]) => {
      const { theta: next, counts } = dampen(theta!, forget!, full!, s!);
      return [next, counts];
    },
    reference: (inputs) => {
      const [theta, forget, full, { data: s }] = inputs as [NdArray, NdArray, NdArray, NdArray];
      const [alpha, lambda] = [s[0]!, s[1]!];
      const next = build(theta.shape, () => 0);
      let [selected, factors] = [0, 0];
      theta.data.forEach((value, i) => {
        next.data[i] = damped(value, forget.data[i]!, full.data[i]!, alpha, lambda);
        if (!(forget.data[i]! > alpha * full.data[i]!)) return;
        selected += 1;
        const ratio = (lambda * full.data[i]!) / forget.data[i]!;
        factors += ratio < 1 ? ratio : 1;
      });
      return [next, { shape: [2], data: Float64Array.of(selected, factors) }];
    },
    cases: steps(DAMPEN, { usual: [1, 1], 'strong dampening': [0.5, 0.1], 'weak dampening': [0.5, 3] }),
    special: [
      {
        name: 'zeros and infinities',
        inputs: [
          { shape: [6], values: [1, 2, 3, 4, 5, 6] },
          { shape: [6], values: [0, 1, 0, NaN, Infinity, Infinity] },
          { shape: [6], values: [0, 0, 1, 1, 1, Infinity] },
          settings([1, 1]),
        ],
      },
    ],
    large: large(DAMPEN, [1, 1]),
    gives: ['float', 'float64'],
    orders: 0,
  },
];
