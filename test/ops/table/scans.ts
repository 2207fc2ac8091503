import type { Tensor } from '../../../lib/graph/tensor';
import { cummax, cummin } from '../../../lib/ops/scan/cummax';
import { cumprod } from '../../../lib/ops/scan/cumprod';
import { cumsum } from '../../../lib/ops/scan/cumsum';
import { linearScan } from '../../../lib/ops/scan/linearScan';
import { logCumSumExp } from '../../../lib/ops/scan/logCumSumExp';
import { indicesOf, type NdArray } from '../../support/array';
import type { Case, Row, Sample } from '../row';

/** Every line along the axis through `f`, in the order of the scan; the results go back to their places. */
const lineByLine =
  (
    f: (lines: readonly (readonly number[])[]) => readonly (readonly number[])[],
    outputs = 1,
  ): Row['reference'] =>
  (inputs, { axis = -1, reverse = false } = {}) => {
    const [x] = inputs as [NdArray];
    const along = axis < 0 ? axis + x.shape.length : axis;
    const results = Array.from({ length: outputs }, () => new Float64Array(x.data.length));
    const n = x.shape[along]!;
    const inner = x.shape.slice(along + 1).reduce((size, own) => size * own, 1);
    for (const index of indicesOf(x.shape.map((own, i) => (i === along ? Math.min(own, 1) : own)))) {
      const places = Array.from({ length: n }, (_, i) => (reverse ? n - 1 - i : i));
      const first = position(x.shape, index);
      const lines = f(inputs.map(({ data }) => places.map((place) => data[first + place * inner]!)));
      lines.forEach((line, k) =>
        line.forEach((value, i) => (results[k]![first + places[i]! * inner] = value)),
      );
    }
    return results.map((data) => ({ shape: x.shape, data }));
  };

const position = (shape: readonly number[], index: readonly number[]): number =>
  shape.reduce((place, own, axis) => place * own + index[axis]!, 0);

const running =
  (next: (before: number, x: number) => number, start: number) =>
  ([line]: readonly (readonly number[])[]): readonly (readonly number[])[] => {
    let state = start;
    return [line!.map((x) => (state = next(state, x)))];
  };

/** The place is that along the axis, which a reversed scan meets backwards. */
const extreme =
  (isBetter: (x: number, best: number) => boolean): Row['reference'] =>
  (inputs, options = {}) => {
    const [x] = inputs as [NdArray];
    const { axis = -1 } = options as { axis?: number };
    const along = axis < 0 ? axis + x.shape.length : axis;
    const coordinates = { shape: x.shape, data: new Float64Array(x.data.length) };
    let i = 0;
    for (const index of indicesOf(x.shape)) coordinates.data[i++] = index[along]!;
    const best = lineByLine(([values, places]) => {
      let held = -1;
      const chosen = values!.map((value, k) => {
        if (
          held < 0 ||
          isBetter(value, values![held]!) ||
          (Number.isNaN(value) && !Number.isNaN(values![held]))
        )
          held = k;
        return held;
      });
      return [chosen.map((k) => values![k]!), chosen.map((k) => places![k]!)];
    }, 2);
    return best([x, coordinates], options);
  };

/** log(e^a + e^b) */
const logAdd = (a: number, b: number): number => {
  const [high, low] = [Math.max(a, b), Math.min(a, b)];
  return low === -Infinity || high === Infinity ? high : high + Math.log1p(Math.exp(low - high));
};

const shaped = (
  name: string,
  shape: readonly number[],
  options: object,
  sample: Partial<Sample>,
  inputs: number,
): Case => ({
  name,
  inputs: Array.from({ length: inputs }, () => ({ shape, ...sample })),
  options,
});

const casesOf = (sample: Partial<Sample>, inputs: number): Case[] => [
  shaped('rows', [3, 4], {}, sample, inputs),
  shaped('columns backwards', [4, 3], { axis: 0, reverse: true }, sample, inputs),
  shaped('the middle', [2, 3, 2], { axis: 1 }, sample, inputs),
  shaped('backwards', [2, 5], { axis: 1, reverse: true }, sample, inputs),
  shaped('one element', [1, 1], {}, sample, inputs),
  shaped('no elements', [3, 0], {}, sample, inputs),
  shaped('no lines', [0, 3], {}, sample, inputs),
];

/** Long enough to be cut in blocks, in one line and in several at once. */
const longCases = (sample: Partial<Sample>, inputs: number): Case[] => [
  shaped('a long line', [70_001], {}, sample, inputs),
  shaped('long columns', [30_011, 5], { axis: 0 }, sample, inputs),
];

interface ScanRow {
  readonly name: string;
  readonly run: (inputs: readonly Tensor[], options: any) => Tensor | readonly Tensor[];
  readonly reference: Row['reference'];
  readonly sample?: Partial<Sample>;
  readonly long?: Partial<Sample>;
  readonly inputs?: number;
  readonly special?: readonly (readonly number[])[];
  readonly rest?: Partial<Row>;
}

const row = ({
  name,
  run,
  reference,
  sample = {},
  long = sample,
  inputs = 1,
  special = [],
  rest = {},
}: ScanRow): Row => ({
  name,
  run,
  reference,
  cases: casesOf(sample, inputs),
  special: [
    ...special.map((values) => ({
      name: `of ${values.join(', ')}`,
      inputs: [{ shape: [values.length], values }],
      options: {},
    })),
    ...longCases(long, inputs),
  ],
  large: shaped('large', [3, 70_001], { axis: 1 }, long, inputs),
  examples: [
    { axes: Array<number>(inputs).fill(0), output: 0 },
    { axes: Array<number>(inputs).fill(2), output: 2, of: 'the middle' },
  ],
  mixes: [{ axes: Array<number>(inputs).fill(1) }],
  ...rest,
});

const integers: Partial<Sample> = { dtype: 'int32', range: [-9, 9] };
const SPECIAL = [
  [1, NaN, 3],
  [2, Infinity, -Infinity],
  [-Infinity, -Infinity, 1, -Infinity],
  [-0, 0, 2, 2],
];

/** A running product of numbers near 1 neither vanishes nor grows. */
const NEAR_ONE: Partial<Sample> = { range: [0.998, 1.002] };

/** Running sums, products, extremes and recurrences. */
export const scans: readonly Row[] = [
  row({
    name: 'cumsum',
    run: ([x], options) => cumsum(x!, options),
    reference: lineByLine(running((total, x) => total + x, 0)),
    special: SPECIAL,
    // One long sum in double precision, with other roundings than the reference: where it is near zero they count.
    rest: { tolerance: { float32: 1e-6, float64: 1e-11 } },
  }),
  row({
    name: 'cumsum of int32',
    run: ([x], options) => cumsum(x!, options),
    reference: lineByLine(running((total, x) => (total + x) | 0, 0)),
    sample: integers,
    rest: { covers: ['cumsum'], gives: ['int32'], orders: 0, examples: [], mixes: [] },
  }),
  row({
    name: 'cumprod',
    run: ([x], options) => cumprod(x!, options),
    reference: lineByLine(running((product, x) => product * x, 1)),
    long: NEAR_ONE,
    special: SPECIAL.slice(0, 2),
    // 70,000 roundings.
    rest: { tolerance: { float32: 1e-6, float64: 1e-11 } },
  }),
  row({
    name: 'cumprod with zeros',
    run: ([x], options) => cumprod(x!, options),
    reference: lineByLine(running((product, x) => product * x, 1)),
    rest: {
      covers: ['cumprod'],
      cases: [
        {
          name: 'one and two',
          inputs: [{ shape: [3, 4], values: [2, 0, 3, -1, 0, 2, 0, 5, 1, 2, 3, 0] }],
          options: {},
        },
      ],
      without: { empty: 'see cumprod', size1: 'see cumprod' },
      special: [],
      examples: [],
      mixes: [],
    },
  }),
  row({
    name: 'cumprod of int32',
    run: ([x], options) => cumprod(x!, options),
    reference: lineByLine(running(Math.imul, 1)),
    sample: { dtype: 'int32', range: [-3, 4] },
    rest: { covers: ['cumprod'], gives: ['int32'], orders: 0, examples: [], mixes: [] },
  }),
  ...(['cummax', 'cummin'] as const).map((name) =>
    row({
      name,
      run: ([x], options) => {
        const { values, indices } = (name === 'cummax' ? cummax : cummin)(x!, options);
        return [values, indices];
      },
      reference: extreme(name === 'cummax' ? (x, best) => x > best : (x, best) => x < best),
      special: SPECIAL,
      rest: { gives: ['float', 'int32'], examples: [], mixes: [] },
    }),
  ),
  row({
    name: 'logCumSumExp',
    run: ([x], options) => logCumSumExp(x!, options),
    reference: lineByLine(running(logAdd, -Infinity)),
    special: [
      [1, NaN, 3],
      [-Infinity, -Infinity, 1, -Infinity],
      [1000, -1000, 1000.5],
      [Infinity, 1, Infinity],
    ],
    // 70,000 roundings.
    rest: { tolerance: { float32: 1e-6, float64: 1e-11 } },
  }),
  row({
    name: 'linearScan',
    run: ([a, b], options) => linearScan(a!, b!, options),
    reference: lineByLine(([a, b]) => {
      let y = 0;
      return [a!.map((factor, i) => (y = factor * y + b![i]!))];
    }),
    inputs: 2,
    long: { range: [0.4, 0.9] },
    // Blocks are joined by products of their factors.
    rest: { tolerance: { float32: 1e-6, float64: 1e-12 } },
  }),
];
