import { batchNorm, batchNormFrozen, runningStatistics } from '../../../lib/ops/norms/batchNorm';
import { instanceNorm } from '../../../lib/ops/norms/groupNorm';
import { rmsNorm } from '../../../lib/ops/norms/rmsNorm';
import { zeros } from '../../../lib/ops/elementwise/arithmetic';
import { at, build, elementsAlong, type NdArray } from '../../support/array';
import type { Case, Row } from '../row';
import {
  average,
  backwards,
  EPS,
  norm,
  normalised,
  normalisedPartial,
  NORM_TOLERANCE,
  oneElement,
  pulled,
} from './networks';

const RMS_EPS = 1e-6;
const withoutBias = (of: Case): Case => ({ ...of, inputs: of.inputs.slice(0, 2) });
const RMS_NORMS: readonly Case[] = [
  norm('rows', [3, 4], 4),
  norm('tokens', [3, 2, 5], 5, { eps: 0.1 }),
  oneElement({ eps: 0.5 }),
  norm('no rows', [0, 3], 3),
];

const BATCH_NORMS: readonly Case[] = [
  norm('images', [3, 2, 2, 2], 2),
  norm('rows', [5, 3], 3, { eps: 0.1 }),
  norm('sequences', [2, 3, 4], 3, { eps: 0.1 }),
  oneElement({ eps: 0.5 }),
  norm('no channels', [2, 0, 3], 0),
];

const otherThan = (x: NdArray, axis: number): number[] => [...x.shape.keys()].filter((own) => own !== axis);
const channelOf = (x: NdArray, index: readonly number[]): number[] =>
  elementsAlong(x, otherThan(x, 1), index);
const variance = (values: readonly number[]): number => {
  const centre = average(values);
  return average(values.map((own) => (own - centre) ** 2));
};

const statistics: Case['inputs'] = [
  { shape: [3], range: [0.5, 2] },
  { shape: [3] },
  { shape: [3] },
  { shape: [3], range: [0.2, 2] },
];

/** Norms by the root of the mean square, and over batches. */
export const norms: readonly Row[] = [
  {
    name: 'rmsNorm',
    run: ([x, gain], options) => rmsNorm(x!, gain!, options),
    reference: ([x, gain], { eps = RMS_EPS } = {}) =>
      build(x!.shape, (index) => {
        const row = elementsAlong(x!, [index.length - 1], index);
        const root = Math.sqrt(average(row.map((own) => own * own)) + eps);
        return (at(x!, ...index) / root) * at(gain!, index.at(-1)!);
      }),
    cases: RMS_NORMS.map(withoutBias),
    large: withoutBias(norm('large', [700, 150], 150)),
    tolerance: NORM_TOLERANCE,
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [0, null], output: 0, of: 'tokens' },
      { axes: [1, null], output: 1, of: 'tokens' },
    ],
    mixes: [{ axes: [1, null] }],
  },
  {
    name: 'rmsNormGrad',
    run: ([x, gain, g], options) => pulled((y) => rmsNorm(y, gain!, options), x!, g!),
    reference: ([x, gain, g], { eps = RMS_EPS } = {}) =>
      build(x!.shape, (index) => {
        const last = index.length - 1;
        const row = elementsAlong(x!, [last], index);
        const h = elementsAlong(g!, [last], index).map((own, i) => own * at(gain!, i));
        const r = 1 / Math.sqrt(average(row.map((own) => own * own)) + eps);
        const along = average(h.map((own, i) => own * row[i]!));
        return r * h[index[last]!]! - row[index[last]!]! * r ** 3 * along;
      }),
    cases: RMS_NORMS.map(backwards),
    large: backwards(norm('large', [700, 150], 150)),
    tolerance: { float32: 1e-5, float64: 1e-13 },
    examples: [{ axes: [0, null, 0], output: 0 }],
  },
  {
    name: 'instanceNorm',
    covers: [],
    run: ([x, gain, bias], options) => instanceNorm(x!, gain!, bias!, options),
    reference: ([x, gain, bias], { eps = EPS } = {}) =>
      build(x!.shape, (index) => {
        const plane = elementsAlong(x!, [...index.keys()].slice(2), index);
        return normalised(plane, at(x!, ...index), eps) * at(gain!, index[1]!) + at(bias!, index[1]!);
      }),
    cases: [
      norm('images', [2, 3, 2, 2], 3),
      norm('sequences', [2, 2, 5], 2, { eps: 0.1 }),
      oneElement({ eps: 0.5 }),
      norm('no images', [0, 4, 2, 2], 4),
    ],
    tolerance: NORM_TOLERANCE,
    examples: [{ axes: [0, null, null], output: 0 }],
  },
  {
    name: 'batchNorm',
    run: ([x, gain, bias], options) => batchNorm(x!, gain!, bias!, options).y,
    reference: ([x, gain, bias], { eps = EPS } = {}) =>
      build(
        x!.shape,
        (index) =>
          normalised(channelOf(x!, index), at(x!, ...index), eps) * at(gain!, index[1]!) +
          at(bias!, index[1]!),
      ),
    cases: BATCH_NORMS,
    large: norm('large', [30, 16, 9, 9], 16),
    tolerance: NORM_TOLERANCE,
    mixes: [{ axes: [0, null, null] }, { axes: [0, null, null], of: 'rows' }],
  },
  {
    name: 'batchNormGrad',
    run: ([x, gain, g], options) =>
      pulled((y) => batchNorm(y, gain!, zeros(gain!.shape, gain!.dtype), options).y, x!, g!),
    reference: ([x, gain, g], { eps = EPS } = {}) =>
      build(x!.shape, (index) => {
        const h = channelOf(g!, index).map((own) => own * at(gain!, index[1]!));
        const members = channelOf(
          build(x!.shape, (own) => Number(own.join() === index.join())),
          index,
        );
        return normalisedPartial(channelOf(x!, index), h, eps)[members.indexOf(1)]!;
      }),
    cases: BATCH_NORMS.map(backwards),
    large: backwards(norm('large', [10, 8, 20, 20], 8)),
    tolerance: { float32: 1e-5, float64: 1e-13 },
  },
  {
    name: 'runningStatistics',
    covers: [],
    run: ([x, gain, bias, mean, own]) => {
      const batch = batchNorm(x!, gain!, bias!);
      const after = runningStatistics({ mean: mean!, variance: own! }, batch, { momentum: 0.25 });
      return [after.mean, after.variance, batch.mean, batch.variance];
    },
    reference: ([x, , , mean, own]) => {
      const channels = build([x!.shape[1]!], () => 0);
      const of = (f: (values: number[], c: number) => number): NdArray =>
        build(channels.shape, ([c]) => f(channelOf(x!, [0, c!, 0]), c!));
      return [
        of((values, c) => 0.75 * at(mean!, c) + 0.25 * average(values)),
        of(
          (values, c) => 0.75 * at(own!, c) + (0.25 * variance(values) * values.length) / (values.length - 1),
        ),
        of(average),
        of(variance),
      ];
    },
    gives: ['float', 'float', 'float', 'float'],
    cases: [{ name: 'images', inputs: [{ shape: [3, 3, 4] }, ...statistics] }],
    without: { empty: 'an empty batch has no statistics', size1: 'one element has no unbiased variance' },
    // Statistics of a batch count as constants.
    orders: 0,
  },
  {
    name: 'batchNormFrozen',
    covers: [],
    run: ([x, gain, bias, mean, own], options) =>
      batchNormFrozen(x!, gain!, bias!, { mean: mean!, variance: own! }, options),
    reference: ([x, gain, bias, mean, own], { eps = EPS } = {}) =>
      build(x!.shape, (index) => {
        const c = index[1]!;
        const normal = (at(x!, ...index) - at(mean!, c)) / Math.sqrt(at(own!, c) + eps);
        return normal * at(gain!, c) + at(bias!, c);
      }),
    cases: [
      { name: 'images', inputs: [{ shape: [4, 3, 2, 2] }, ...statistics] },
      { name: 'rows', inputs: [{ shape: [4, 3] }, ...statistics], options: { eps: 0.1 } },
      { name: 'no images', inputs: [{ shape: [0, 3, 2] }, ...statistics] },
      {
        name: 'one element',
        inputs: [{ shape: [1, 1] }, ...statistics.map((of) => ({ ...of, shape: [1] }))],
      },
    ],
    tolerance: NORM_TOLERANCE,
    examples: [
      { axes: [0, null, null, null, null], output: 0 },
      { axes: [0, null, null, null, null], output: 0, of: 'rows' },
    ],
  },
];
