import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from '../../../lib/ops/losses/binaryCrossEntropy';
import { cosineSimilarity } from '../../../lib/ops/losses/cosineSimilarity';
import { klDivergence } from '../../../lib/ops/losses/klDivergence';
import { nllLoss } from '../../../lib/ops/losses/nllLoss';
import { huberLoss, l1Loss, mseLoss, smoothL1Loss } from '../../../lib/ops/losses/regression';
import { softmaxCrossEntropy } from '../../../lib/ops/losses/softmaxCrossEntropy';
import type { Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { vjp } from '../../../lib/transforms/vjp';
import { at, build, elementsAlong, type NdArray } from '../../support/array';
import { ofShapes, type Case, type ExampleUse, type Row, type Sample } from '../row';
import { logShare, total } from './networks';

const labelled = (name: string, logits: Shape, classes: number, ...more: readonly Sample[]): Case => ({
  name,
  inputs: [
    { shape: logits, range: [-3, 3] },
    { shape: logits.slice(0, -1), dtype: 'int32', range: [0, classes] },
    ...more,
  ],
});

const LOSSES: readonly Case[] = [
  labelled('rows', [3, 4], 4),
  labelled('tokens', [2, 3, 5], 5),
  labelled('one element', [1, 1], 1),
  labelled('no rows', [0, 3], 3),
];
const withCotangents = (of: Case): Case => ({
  ...of,
  inputs: [...of.inputs, { shape: of.inputs[1]!.shape, range: [0.5, 2] }],
});

const IGNORED = -100;

/** The target distribution that a label stands for. */
const targetOf = (label: number, classes: number, smoothing = 0): number[] =>
  Array.from({ length: classes }, (_, c) => (c === label ? 1 - smoothing : 0) + smoothing / classes);

/** `-sum(t log share)` of a row. */
const crossEntropyOf = (row: readonly number[], target: readonly number[]): number =>
  -total(row.map((value, c) => (target[c] === 0 ? 0 : target[c]! * logShare(value, row))));

/** What losses of labels are: the rows of scores, the label, 0 where it is left out. */
const overLabels =
  (loss: (row: readonly number[], label: number, options: any) => number) =>
  ([scores, labels]: readonly NdArray[], options: any = {}): NdArray =>
    reducedReference(
      build(labels!.shape, (index) => {
        const label = at(labels!, ...index);
        const row = elementsAlong(scores!, [scores!.shape.length - 1], [...index, 0]);
        return label === (options.ignoreIndex ?? IGNORED) ? 0 : loss(row, label, options);
      }),
      options,
      [...labels!.data].filter((label) => label !== (options.ignoreIndex ?? IGNORED)).length,
    );

function reducedReference(losses: NdArray, { reduction = 'none' }: any, count = losses.data.length): NdArray {
  if (reduction === 'none') return losses;
  return { shape: [], data: Float64Array.of(total([...losses.data]) / (reduction === 'mean' ? count : 1)) };
}

const LABEL_OPTIONS: readonly Case[] = [
  {
    name: 'a label left out',
    inputs: [{ shape: [4, 3] }, { shape: [4], dtype: 'int32', values: [2, IGNORED, 0, IGNORED] }],
    options: { reduction: 'mean' },
  },
  {
    name: 'another label left out',
    inputs: [{ shape: [2, 2, 3] }, { shape: [2, 2], dtype: 'int32', values: [2, 0, 1, 0] }],
    options: { ignoreIndex: 0, reduction: 'sum' },
  },
];
const SMOOTHED: readonly Case[] = [
  { ...labelled('smoothed', [3, 5], 5), options: { labelSmoothing: 0.1 } },
  {
    name: 'smoothed, a label left out',
    inputs: [{ shape: [3, 2, 4] }, { shape: [3, 2], dtype: 'int32', values: [2, IGNORED, 0, 3, 1, 1] }],
    options: { labelSmoothing: 0.3 },
  },
];
const POSITIONS: readonly ExampleUse[] = [
  { axes: [0, 0], output: 0 },
  { axes: [0, 0], output: 0, of: 'tokens' },
  { axes: [1, 1], output: 1, of: 'tokens' },
];

/** Two inputs of one shape, all elements of the second in a range. */
const pairs = (range: readonly [number, number], options?: any, first?: readonly [number, number]): Case[] =>
  (
    [
      ['rows', [3, 4]],
      ['one element', [1]],
      ['nothing', [0, 3]],
    ] as const
  ).map(([name, shape]) => ({
    name,
    inputs: [
      { shape, ...(first ? { range: first } : {}) },
      { shape, range },
    ],
    options,
  }));

/** A loss of every element. */
const elementwise = (
  name: string,
  run: (x: Tensor, y: Tensor, options?: any) => Tensor,
  loss: (x: number, y: number, options: any) => number,
  cases: readonly Case[],
  more: Partial<Row> = {},
): Row => ({
  name,
  covers: [],
  run: ([x, y], options) => run(x!, y!, options),
  reference: ([x, y], options = {}) =>
    reducedReference(
      build(x!.shape, (index) => loss(at(x!, ...index), at(y!, ...index), options)),
      options,
    ),
  cases: [...cases, { ...cases[0]!, name: 'mean', options: { ...cases[0]!.options, reduction: 'mean' } }],
  examples: [{ axes: [0, 0], output: 0 }],
  ...more,
});

const huberOf = (d: number, delta: number): number =>
  Math.abs(d) <= delta ? (d * d) / 2 : delta * (Math.abs(d) - delta / 2);

const distributions = (name: string, shape: Shape, options?: any): Case => ({
  name,
  inputs: [
    { shape, range: [-3, 3] },
    { shape, range: [0.05, 1] },
  ],
  options,
});
const DISTRIBUTIONS: readonly Case[] = [
  distributions('rows', [3, 4]),
  distributions('tokens', [2, 3, 5]),
  distributions('one element', [1, 1]),
  distributions('no rows', [0, 3]),
];
const rowsOf = ([x, t]: readonly NdArray[], f: (x: number[], t: number[]) => number): NdArray =>
  build(x!.shape.slice(0, -1), (index) => {
    const last = x!.shape.length - 1;
    return f(elementsAlong(x!, [last], [...index, 0]), elementsAlong(t!, [last], [...index, 0]));
  });

/** Losses: of classes, of probabilities, of numbers. */
export const losses: readonly Row[] = [
  {
    name: 'softmaxCrossEntropy',
    run: ([logits, labels], options) => softmaxCrossEntropy(logits!, labels!, options),
    reference: overLabels((row, label, { labelSmoothing }) =>
      crossEntropyOf(row, targetOf(label, row.length, labelSmoothing)),
    ),
    cases: [...LOSSES, ...SMOOTHED, ...LABEL_OPTIONS],
    special: [
      {
        name: 'far apart',
        inputs: [
          { shape: [2, 3], values: [0, 1000, -1000, -1000, 0, 80] },
          { shape: [2], dtype: 'int32', values: [2, 2] },
        ],
      },
      {
        name: 'NaN',
        inputs: [
          { shape: [2, 2], values: [NaN, 1, 0, 1] },
          { shape: [2], dtype: 'int32', values: [1, 1] },
        ],
      },
    ],
    large: labelled('large', [700, 150], 150),
    examples: POSITIONS,
  },
  {
    name: 'softmaxCrossEntropyGrad',
    run: ([logits, labels, g], options) =>
      vjp((z) => softmaxCrossEntropy(z, labels!, options), logits!).pull(g!),
    reference: ([logits, labels, g], { labelSmoothing } = {} as any) =>
      build(logits!.shape, (index) => {
        const [position, c] = [index.slice(0, -1), index.at(-1)!];
        const row = elementsAlong(logits!, [index.length - 1], index);
        const label = at(labels!, ...position);
        if (label === IGNORED) return 0;
        const share = Math.exp(logShare(row[c]!, row));
        return (share - targetOf(label, row.length, labelSmoothing)[c]!) * at(g!, ...position);
      }),
    cases: [...LOSSES, ...SMOOTHED].map(withCotangents),
    large: withCotangents(labelled('large', [700, 150], 150)),
    examples: [
      { axes: [0, 0, 0], output: 0 },
      { axes: [1, 1, 1], output: 1, of: 'tokens' },
    ],
  },
  {
    name: 'softCrossEntropy',
    run: ([logits, targets], options) => softmaxCrossEntropy(logits!, targets!, options),
    reference: (inputs, { labelSmoothing = 0 } = {}) =>
      rowsOf(inputs, (row, target) =>
        crossEntropyOf(
          row,
          target.map((t) => (1 - labelSmoothing) * t + labelSmoothing / row.length),
        ),
      ),
    cases: [...DISTRIBUTIONS, distributions('smoothed', [3, 4], { labelSmoothing: 0.2 })],
    large: distributions('large', [700, 150]),
    tolerance: { float32: 3e-6 },
    examples: POSITIONS,
    mixes: [{ axes: [1, 1] }],
  },
  {
    name: 'softCrossEntropyGrad',
    run: ([logits, targets, g]) => vjp((z) => softmaxCrossEntropy(z, targets!), logits!).pull(g!),
    reference: ([logits, targets, g]) =>
      build(logits!.shape, (index) => {
        const last = index.length - 1;
        const row = elementsAlong(logits!, [last], index);
        const mass = total(elementsAlong(targets!, [last], index));
        const share = Math.exp(logShare(row[index[last]!]!, row));
        return (share * mass - at(targets!, ...index)) * at(g!, ...index.slice(0, -1));
      }),
    cases: DISTRIBUTIONS.map((of) => ({
      ...of,
      inputs: [...of.inputs, { shape: of.inputs[0]!.shape.slice(0, -1), range: [0.5, 2] }],
    })),
    large: {
      ...distributions('large', [700, 150]),
      inputs: [...distributions('large', [700, 150]).inputs, { shape: [700] }],
    },
    tolerance: { float32: 1e-5 },
    examples: [{ axes: [0, 0, 0], output: 0 }],
  },
  {
    name: 'nllLoss',
    covers: [],
    run: ([scores, labels], options) => nllLoss(scores!, labels!, options),
    reference: overLabels((row, label) => -row[label]!),
    cases: [...LOSSES, ...LABEL_OPTIONS],
    examples: POSITIONS,
  },
  elementwise(
    'binaryCrossEntropy',
    binaryCrossEntropy,
    (p, t) => -(t * Math.max(Math.log(p), -100) + (1 - t) * Math.max(Math.log1p(-p), -100)),
    pairs([0, 1], undefined, [0.1, 0.9]),
    {
      tolerance: { float32: 3e-6 },
      special: [
        {
          name: 'certain',
          inputs: [
            { shape: [5], values: [0, 1, 0, 1, NaN] },
            { shape: [5], values: [0, 1, 1, 0, 0.5] },
          ],
        },
      ],
    },
  ),
  elementwise(
    'binaryCrossEntropyWithLogits',
    binaryCrossEntropyWithLogits,
    (x, t, { positiveWeight = 1 }) =>
      (1 - t) * x + (1 + (positiveWeight - 1) * t) * (Math.log1p(Math.exp(-Math.abs(x))) + Math.max(-x, 0)),
    [...pairs([0, 1]), { ...pairs([0, 1])[0]!, name: 'weighted', options: { positiveWeight: 3 } }],
    {
      special: [
        {
          name: 'far out and in the middle',
          inputs: [
            { shape: [5], values: [1000, -1000, 0, 90, NaN] },
            { shape: [5], values: [1, 0, 1, 0.5, 0.5] },
          ],
        },
      ],
    },
  ),
  {
    name: 'klDivergence',
    covers: [],
    run: ([logs, targets], options) => klDivergence(logs!, targets!, options),
    reference: (inputs, { logTargets = false, reduction = 'none' } = {}) =>
      reducedReference(
        rowsOf(inputs, (row, target) =>
          total(
            target.map((own, c) => {
              const t = logTargets ? Math.exp(own) : own;
              return t === 0 ? 0 : t * ((logTargets ? own : Math.log(own)) - row[c]!);
            }),
          ),
        ),
        { reduction },
      ),
    cases: [
      ...DISTRIBUTIONS,
      ofShapes('targets as logarithms', { logTargets: true }, [3, 4], [3, 4]),
      distributions('mean', [3, 4], { reduction: 'mean' }),
    ],
    special: [
      {
        name: 'nothing expected',
        inputs: [
          { shape: [2, 2], values: [-Infinity, 0, -1, -2] },
          { shape: [2, 2], values: [0, 1, 0, 0.5] },
        ],
      },
      {
        name: 'nothing expected, as logarithms',
        inputs: [
          { shape: [1, 2], values: [-Infinity, 0] },
          { shape: [1, 2], values: [-Infinity, 0] },
        ],
        options: { logTargets: true },
      },
    ],
    tolerance: { float32: 1e-5 },
    examples: POSITIONS,
  },
  elementwise('mseLoss', mseLoss, (x, y) => (x - y) ** 2, pairs([-1, 1])),
  elementwise('l1Loss', l1Loss, (x, y) => Math.abs(x - y), pairs([-1, 1])),
  elementwise('huberLoss', huberLoss, (x, y, { delta = 1 }) => huberOf(x - y, delta), [
    ...pairs([-1, 1]),
    { ...pairs([-1, 1])[0]!, name: 'narrow', options: { delta: 0.4 } },
  ]),
  elementwise(
    'smoothL1Loss',
    smoothL1Loss,
    (x, y, { beta = 1 }) => (beta === 0 ? Math.abs(x - y) : huberOf(x - y, beta) / beta),
    [
      ...pairs([-1, 1]),
      { ...pairs([-1, 1])[0]!, name: 'narrow', options: { beta: 0.4 } },
      { ...pairs([-1, 1])[0]!, name: 'absolute', options: { beta: 0 } },
    ],
  ),
  {
    name: 'cosineSimilarity',
    covers: [],
    run: ([a, b], options) => cosineSimilarity(a!, b!, options),
    reference: ([a, b], { axis = -1, eps = 1e-8 } = {}) => {
      const along = axis < 0 ? axis + a!.shape.length : axis;
      return build(
        a!.shape.filter((_, i) => i !== along),
        (index) => {
          const at = [...index.slice(0, along), 0, ...index.slice(along)];
          const [x, y] = [elementsAlong(a!, [along], at), elementsAlong(b!, [along], at)];
          const norm = (row: number[]): number => Math.max(Math.hypot(...row), eps);
          return total(x.map((own, i) => own * y[i]!)) / (norm(x) * norm(y));
        },
      );
    },
    cases: [
      ofShapes('rows', undefined, [3, 4], [3, 4]),
      ofShapes('columns', { axis: 0 }, [3, 4], [3, 4]),
      ofShapes('no rows', undefined, [0, 3], [0, 3]),
    ],
    without: { size1: 'the cosine of numbers is 1 or -1: its gradient is nothing but rounding' },
    special: [
      {
        name: 'a zero vector',
        inputs: [
          { shape: [1, 2], values: [0, 0] },
          { shape: [1, 2], values: [3, 4] },
        ],
      },
    ],
    tolerance: { float32: 3e-6 },
    examples: [{ axes: [0, 0], output: 0 }],
  },
];
