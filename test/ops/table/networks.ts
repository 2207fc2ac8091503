import { zeros } from '../../../lib/ops/elementwise/arithmetic';
import { groupNorm } from '../../../lib/ops/norms/groupNorm';
import { layerNorm } from '../../../lib/ops/norms/layerNorm';
import { logSoftmax, softmax, type SoftmaxOptions } from '../../../lib/ops/networks/softmax';
import type { Tensor } from '../../../lib/graph/tensor';
import type { Shape } from '../../../lib/graph/shape';
import { vjp } from '../../../lib/transforms/vjp';
import { at, build, elementsAlong, type NdArray } from '../../support/array';
import type { Case, Row } from '../row';

export const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
export const average = (values: readonly number[]): number => total(values) / values.length;

/** The scores less their largest, and `log(sum(e^x))` of those: nothing is lost when they are far from 0. */
function shifted(row: readonly number[]): { largest: number; logSum: number } {
  const largest = Math.max(...row);
  return { largest, logSum: Math.log(total(row.map((value) => Math.exp(value - largest)))) };
}

export const logShare = (value: number, row: readonly number[]): number => {
  const { largest, logSum } = shifted(row);
  return value - largest - logSum;
};

const alongRows = (x: NdArray, axis: number, f: (value: number, row: readonly number[]) => number): NdArray =>
  build(x.shape, (index) => f(at(x, ...index), elementsAlong(x, [axis], index)));

const scores = (name: string, shape: Shape, options?: any): Case => ({ name, inputs: [{ shape }], options });

const SOFTMAX_CASES: readonly Case[] = [
  scores('rows', [3, 4]),
  scores('columns', [4, 3], { axis: 0 }),
  scores('in the middle', [2, 3, 2], { axis: 1 }),
  scores('one element', [1]),
  scores('no rows', [0, 3]),
];

const softmaxRow = (
  name: string,
  run: (x: Tensor, options?: any) => Tensor,
  f: (value: number, row: readonly number[]) => number,
): Row => ({
  name,
  run: ([x], options) => run(x!, options),
  reference: ([x], { axis = -1 }: SoftmaxOptions = {}) =>
    alongRows(x!, axis < 0 ? axis + x!.shape.length : axis, f),
  cases: SOFTMAX_CASES,
  special: [
    {
      name: 'far apart',
      inputs: [{ shape: [2, 3], values: [0, 1000, -1000, 1e30, 1e30, 0].map(Math.fround) }],
    },
    { name: 'masked', inputs: [{ shape: [1, 3], values: [-Infinity, 0, 1] }] },
    { name: 'NaN', inputs: [{ shape: [1, 3], values: [NaN, 0, 1] }] },
    { name: 'nothing but -Infinity', inputs: [{ shape: [1, 2], values: [-Infinity, -Infinity] }] },
  ],
  large: scores('large', [700, 150]),
  examples: [
    { axes: [0], output: 0 },
    { axes: [0], output: 0, of: 'in the middle' },
    { axes: [2], output: 2, of: 'in the middle' },
  ],
  mixes: [{ axes: [1] }],
});

export const normalised = (values: readonly number[], value: number, eps: number): number => {
  const centre = average(values);
  return (value - centre) / Math.sqrt(average(values.map((own) => (own - centre) ** 2)) + eps);
};

/** The derivative of normalising `x`, applied to `h`: `scale (h - mean(h) - normal mean(h normal))`. */
export function normalisedPartial(x: readonly number[], h: readonly number[], eps: number): number[] {
  const centre = average(x);
  const scale = 1 / Math.sqrt(average(x.map((own) => (own - centre) ** 2)) + eps);
  const normal = x.map((own) => (own - centre) * scale);
  const along = average(h.map((own, i) => own * normal[i]!));
  return h.map((own, i) => scale * (own - average(h) - normal[i]! * along));
}

export const norm = (name: string, shape: Shape, width: number, options?: any): Case => ({
  name,
  inputs: [{ shape }, { shape: [width], range: [0.5, 2] }, { shape: [width] }],
  options,
});
export const EPS = 1e-5;

/** The variance is 0 then: eps is large, lest it magnifies rounding, and numbers are such that nothing is rounded. */
export const oneElement = (options: unknown): Case => ({
  name: 'one element',
  inputs: [
    { shape: [1, 1], values: [0.75] },
    { shape: [1], values: [1.5] },
    { shape: [1], values: [-0.5] },
  ],
  options,
});

const LAYER_NORMS: readonly Case[] = [
  norm('rows', [3, 4], 4),
  norm('tokens', [3, 2, 5], 5, { eps: 0.1 }),
  oneElement({ eps: 0.5 }),
  norm('no rows', [0, 3], 3),
];
const GROUP_NORMS: readonly Case[] = [
  norm('images', [3, 4, 2, 2], 4, { groups: 2 }),
  norm('one group', [2, 3, 2], 3, { groups: 1, eps: 0.1 }),
  norm('a group per channel', [2, 2, 3], 2, { groups: 2 }),
  oneElement({ groups: 1, eps: 0.5 }),
  norm('no images', [0, 4, 2, 2], 4, { groups: 2 }),
];
/** The third input as a cotangent of the result. */
export const backwards = (of: Case): Case => ({
  ...of,
  inputs: [...of.inputs.slice(0, 2), { ...of.inputs[2]!, shape: of.inputs[0]!.shape, range: [-1, 2] }],
});

/** What comes back for x through a norm without bias. */
export const pulled = (norm: (x: Tensor) => Tensor, x: Tensor, g: Tensor): Tensor => vjp(norm, x).pull(g);

/** The elements that group normalisation takes together with one of them: their indices. */
function groupOf(x: NdArray, groups: number, index: readonly number[]): number[][] {
  const perGroup = x.shape[1]! / groups;
  const first = Math.floor(index[1]! / perGroup) * perGroup;
  const inner: number[][] = [];
  build([perGroup, ...x.shape.slice(2)], ([c, ...cell]) => inner.push([index[0]!, first + c!, ...cell]));
  return inner;
}

/** Two more roundings per element, under a root. */
export const NORM_TOLERANCE = { float32: 3e-6, float64: 1e-14 };

/** Ops of networks: softmax and normalisation. */
export const networks: readonly Row[] = [
  softmaxRow('softmax', softmax, (value, row) => Math.exp(logShare(value, row))),
  softmaxRow('logSoftmax', logSoftmax, logShare),
  {
    name: 'softmaxGrad',
    run: ([x, g], { axis = -1 } = {} as any) => vjp((z) => softmax(z, { axis }), x!).pull(g!),
    reference: ([x, g], { axis = -1 } = {} as any) => {
      const last = axis < 0 ? axis + x!.shape.length : axis;
      return build(x!.shape, (index) => {
        const [row, up] = [x!, g!].map((of) => elementsAlong(of, [last], index.with(last, 0)));
        const share = (i: number): number => Math.exp(logShare(row![i]!, row!));
        const mean = total(up!.map((value, i) => value * share(i)));
        return share(index[last]!) * (up![index[last]!]! - mean);
      });
    },
    cases: SOFTMAX_CASES.map((of) => ({ ...of, inputs: [...of.inputs, ...of.inputs] })),
    large: {
      ...scores('large', [700, 150]),
      inputs: [0, 1].map(() => ({ shape: [700, 150], range: [-3, 3] })),
    },
    examples: [
      { axes: [0, 0], output: 0 },
      { axes: [2, 2], output: 2, of: 'in the middle' },
    ],
  },
  {
    name: 'layerNorm',
    run: ([x, gain, bias], options) => layerNorm(x!, gain!, bias!, options),
    reference: ([x, gain, bias], { eps = EPS } = {}) => {
      const last = x!.shape.length - 1;
      return build(x!.shape, (index) => {
        const row = elementsAlong(x!, [last], index);
        return normalised(row, at(x!, ...index), eps) * at(gain!, index[last]!) + at(bias!, index[last]!);
      });
    },
    cases: LAYER_NORMS,
    large: norm('large', [700, 150], 150),
    tolerance: NORM_TOLERANCE,
    examples: [
      { axes: [0, null, null], output: 0 },
      { axes: [0, null, null], output: 0, of: 'tokens' },
      { axes: [1, null, null], output: 1, of: 'tokens' },
    ],
    mixes: [{ axes: [1, null, null] }],
  },
  {
    name: 'layerNormGrad',
    run: ([x, gain, g], options) =>
      pulled((y) => layerNorm(y, gain!, zeros(gain!.shape, gain!.dtype), options), x!, g!),
    reference: ([x, gain, g], { eps = EPS } = {}) => {
      const last = x!.shape.length - 1;
      return build(x!.shape, (index) => {
        const row = elementsAlong(x!, [last], index);
        const h = elementsAlong(g!, [last], index).map((own, i) => own * at(gain!, i));
        return normalisedPartial(row, h, eps)[index[last]!]!;
      });
    },
    cases: LAYER_NORMS.map(backwards),
    large: backwards(norm('large', [700, 150], 150)),
    tolerance: { float32: 1e-5, float64: 1e-13 },
    examples: [
      { axes: [0, null, 0], output: 0 },
      { axes: [1, null, 1], output: 1, of: 'tokens' },
    ],
  },
  {
    name: 'layerNormGrads',
    run: ([x, gain, g], options) => {
      const fn = ([y, a]: readonly Tensor[]): Tensor =>
        layerNorm(y!, a!, zeros(gain!.shape, gain!.dtype), options);
      return vjp(fn, [x!, gain!]).pull(g!);
    },
    reference: ([x, gain, g], { eps = EPS } = {}) => {
      const last = x!.shape.length - 1;
      const dx = build(x!.shape, (index) => {
        const row = elementsAlong(x!, [last], index);
        const h = elementsAlong(g!, [last], index).map((own, i) => own * at(gain!, i));
        return normalisedPartial(row, h, eps)[index[last]!]!;
      });
      const sums = new Array<number>(gain!.shape[0]!).fill(0);
      build(x!.shape, (index) => {
        const row = elementsAlong(x!, [last], index);
        return (sums[index[last]!]! += at(g!, ...index) * normalised(row, at(x!, ...index), eps));
      });
      return [dx, build(gain!.shape, ([i]) => sums[i!]!)];
    },
    gives: ['float', 'float'],
    cases: LAYER_NORMS.map(backwards),
    large: backwards(norm('large', [700, 150], 150)),
    tolerance: { float32: 1e-5, float64: 1e-13 },
  },
  {
    name: 'groupNorm',
    run: ([x, gain, bias], options) => groupNorm(x!, gain!, bias!, options),
    reference: ([x, gain, bias], { groups, eps = EPS }) =>
      build(x!.shape, (index) => {
        const values = groupOf(x!, groups, index).map((own) => at(x!, ...own));
        return normalised(values, at(x!, ...index), eps) * at(gain!, index[1]!) + at(bias!, index[1]!);
      }),
    cases: GROUP_NORMS,
    large: norm('large', [30, 16, 9, 9], 16, { groups: 4 }),
    tolerance: NORM_TOLERANCE,
    examples: [
      { axes: [0, null, null], output: 0 },
      { axes: [0, null, null], output: 0, of: 'one group' },
    ],
    mixes: [{ axes: [2, null, null] }],
  },
  {
    name: 'groupNormGrad',
    run: ([x, gain, g], options) =>
      pulled((y) => groupNorm(y, gain!, zeros(gain!.shape, gain!.dtype), options), x!, g!),
    reference: ([x, gain, g], { groups, eps = EPS }) =>
      build(x!.shape, (index) => {
        const members = groupOf(x!, groups, index);
        const values = members.map((own) => at(x!, ...own));
        const h = members.map((own) => at(g!, ...own) * at(gain!, own[1]!));
        const self = members.findIndex((own) => own.join() === index.join());
        return normalisedPartial(values, h, eps)[self]!;
      }),
    cases: GROUP_NORMS.map(backwards),
    large: backwards(norm('large', [30, 16, 9, 9], 16, { groups: 4 })),
    tolerance: { float32: 1e-5, float64: 1e-13 },
    examples: [{ axes: [0, null, 0], output: 0 }],
  },
];
