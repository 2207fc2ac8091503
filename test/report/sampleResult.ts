import { readFileSync } from 'node:fs';

import type {
  DemoExample,
  DemoRequest,
  DemoResult,
  LedgerRow,
  MethodName,
  MethodResult,
} from '../../lib/report/result';

/** Pixels of the digits read so far, by class. */
const digits = new Map<number, readonly number[]>();

/** A result like those of the main job, made up but for the digits. */
export const sampleResult: DemoResult = {
  dataset: 'MNIST',
  seed: 1,
  quick: false,
  environment: { node: 'v20.17.0', threads: 2, isa: 'avx512', palimpsest: '0.1.0' },
  model: {
    config: { architecture: 'cnn', channels: [16, 32], hidden: 128, classes: 10 },
    testAccuracy: 0.9893,
    parameters: 421_642,
  },
  importanceSeconds: 7.84,
  requests: [
    request('class', {
      title: 'Forget the digit 4',
      description:
        'All 5,352 training images of the digit 4 are to be forgotten. Forget and retain accuracy are ' +
        'those of the test images of this digit and of the others.',
      forgetClass: 4,
      methods: [
        method('original', [0.991, 0.989, 0.989, 0.93], 0, 0),
        method('ssd', [0.013, 0.968, 0.875, 0.41], 0.612, 41_207, { alpha: 4, lambda: 1 }),
        method('gradientAscent', [0.019, 0.941, 0.851, 0.35], 0.9, 421_640, {
          learningRate: 1e-4,
          epochs: 1,
        }),
        method('fineTune', [0.982, 0.991, 0.99, 0.9], 11.2, 421_642, { learningRate: 1e-3, epochs: 1 }),
        method('zeroRow', [0, 0.993, 0.895, 0.02], 0.004, 129, { classIndex: 4 }),
        method('retrain', [0, 0.992, 0.894, 0.37], 38.7, 421_642, { epochs: 4 }),
      ],
      alphaSweep: [9, 7, 5, 4, 3, 2.5, 2, 1.5, 1.25].map((alpha) => ({
        alpha,
        forgetAccuracy: 1 / (1 + Math.exp(-(alpha - 5.6) * 2.6)),
        retainAccuracy: 0.99 / (1 + Math.exp(-(alpha - 1.5) * 3)),
        selected: Math.round(120_000 * Math.exp(-alpha / 2.2)),
      })),
      chosenAlpha: 4,
      ratioHistogram: ratioHistogram(0.1),
    }),
    request('random', {
      title: 'Forget 1,000 random images',
      description:
        '1,000 training images of all digits are to be forgotten. Retraining shows what to aim at.',
      methods: [
        method('original', [0.9988, 0.9984, 0.9893, 0.72], 0, 0),
        method('ssd', [0.986, 0.9921, 0.9861, 0.58], 0.187, 2_310, { alpha: 12, lambda: 1 }),
        method('gradientAscent', [0.97, 0.988, 0.981, 0.51], 0.31, 421_642),
        method('fineTune', [0.9972, 0.9994, 0.99, 0.7], 11.4, 421_642),
        method('retrain', [0.9884, 0.9985, 0.989, 0.55], 41.2, 421_642),
      ],
      alphaSweep: [50, 30, 20, 12, 8, 5, 3].map((alpha) => ({
        alpha,
        forgetAccuracy: 1 / (1 + Math.exp(-(alpha - 3.2))),
        retainAccuracy: 1 / (1 + Math.exp(-(alpha - 2) * 2)),
        selected: Math.round(30_000 * Math.exp(-alpha / 5)),
      })),
      chosenAlpha: 12,
      ratioHistogram: ratioHistogram(-0.3),
    }),
    request('backdoor', {
      title: 'Remove a backdoor',
      description:
        '600 training images carry a 3×3 patch and the label 0; 60 of them were found. Triggered accuracy ' +
        'is the share of test images that get their true label in spite of the patch.',
      methods: [
        { ...method('original', [1, 0.9981, 0.9881, 0.93], 0, 0), triggeredAccuracy: 0.0121 },
        {
          ...method('ssd', [0.041, 0.9812, 0.9773, 0.33], 0.044, 8_126, { alpha: 30, lambda: 3 }),
          triggeredAccuracy: 0.871,
        },
        { ...method('gradientAscent', [0.37, 0.93, 0.928, 0.6], 0.08, 421_642), triggeredAccuracy: 0.412 },
        { ...method('fineTune', [1, 0.9989, 0.9887, 0.91], 11.3, 421_642), triggeredAccuracy: 0.014 },
        { ...method('retrain', [1, 0.9979, 0.9884, 0.92], 40.8, 421_642), triggeredAccuracy: 0.0098 },
      ],
      alphaSweep: [1e3, 300, 100, 50, 30, 10, 5, 3, 1].map((alpha) => ({
        alpha,
        forgetAccuracy: 1 / (1 + (50 / alpha) ** 2),
        retainAccuracy: 1 / (1 + (2 / alpha) ** 2),
        selected: Math.round(60_000 / alpha),
      })),
      chosenAlpha: 30,
      ratioHistogram: ratioHistogram(0.4),
    }),
  ],
};

function method(
  name: MethodName,
  [forgetAccuracy, retainAccuracy, testAccuracy, mia]: readonly [number, number, number, number],
  seconds: number,
  weightsChanged: number,
  options: MethodResult['options'] = {},
): MethodResult {
  return { name, forgetAccuracy, retainAccuracy, testAccuracy, mia, seconds, weightsChanged, options };
}

type Varying = Pick<
  DemoRequest,
  'title' | 'description' | 'methods' | 'alphaSweep' | 'chosenAlpha' | 'ratioHistogram'
>;

function request(
  name: DemoRequest['name'],
  varying: Varying & { readonly forgetClass?: number },
): DemoRequest {
  const { forgetClass } = varying;
  return {
    name,
    forgetSize: { class: 5_352, random: 1_000, backdoor: 60 }[name],
    retainSize: 49_648,
    confusionBefore: confusion(undefined),
    confusionAfter: confusion(forgetClass),
    examples: examples(forgetClass),
    ledger: [ledgerRow(name)],
    ...varying,
  };
}

/** A good classifier of 1,000 images per class; a forgotten class goes to its neighbours. */
function confusion(forgotten: number | undefined): number[][] {
  return Array.from({ length: 10 }, (_, label) =>
    Array.from({ length: 10 }, (_, predicted) => {
      if (label === forgotten)
        return predicted === 9 ? 812 : predicted === label ? 13 : (predicted * 37) % 60;
      const slips = (label * 7 + predicted * 3) % 11 === 0 ? 6 : (label + predicted) % 4 === 0 ? 1 : 0;
      return label === predicted ? 980 + label : slips;
    }),
  );
}

/** log10 of the ratio, bell-shaped with a tail. */
function ratioHistogram(centre: number): DemoRequest['ratioHistogram'] {
  const edges = Array.from({ length: 61 }, (_, i) => -4 + i * 0.1);
  const counts = edges
    .slice(1)
    .map((edge) => Math.round(60_000 * Math.exp(-2.2 * Math.abs(edge - centre) ** 1.4)));
  return { edges, counts };
}

function examples(forgotten: number | undefined): DemoExample[] {
  return Array.from({ length: 14 }, (_, i) => {
    const isForgotten = i < 6;
    const label = isForgotten ? (forgotten ?? i) : (i - 1) % 10;
    const pixels = digit(label, i);
    const after = isForgotten ? (label === 4 ? 9 : label) : label;
    return { pixels, label, before: label, after, group: isForgotten ? 'To be forgotten' : 'To be kept' };
  });
}

function digit(label: number, index: number): number[] {
  let data = digits.get(label);
  if (!data) {
    const path = require.resolve(`mnist/src/digits/${label}.json`);
    data = (JSON.parse(readFileSync(path, 'utf8')) as { data: number[] }).data;
    digits.set(label, data);
  }
  return data.slice(index * 784, (index + 1) * 784).map((grey) => Math.round(grey * 255));
}

function ledgerRow(name: string): LedgerRow {
  return {
    id: `0001-${name}`,
    method: 'ssd',
    time: '2026-01-31T12:00:00.000Z',
    options: { alpha: 4, lambda: 1, fisher: { mode: 'example', batchSize: 256, labels: 'true' } },
    weightsChanged: 41_207,
    parameters: [
      'conv1.weight',
      'conv1.bias',
      'conv2.weight',
      'conv2.bias',
      'fc1.weight',
      'fc1.bias',
      'fc2.weight',
    ],
    digestBefore: '9f2c1d7a'.repeat(8),
    digestAfter: '03ab55e1'.repeat(8),
    dataDigest: '77d0c4b2'.repeat(8),
  };
}
