import { sizeOf, type Shape } from '../../../lib/graph/shape';
import { concat } from '../../../lib/ops/shape/concat';
import { full } from '../../../lib/ops/elementwise/arithmetic';
import { identity, stopGradient } from '../../../lib/ops/shape/identity';
import { tap } from '../../../lib/ops/shape/tap';
import { iota, type IotaOptions } from '../../../lib/ops/indexing/iota';
import { pad } from '../../../lib/ops/shape/pad';
import { flatten, reshape } from '../../../lib/ops/shape/reshape';
import { slice, type SliceOptions } from '../../../lib/ops/shape/slice';
import { broadcastTo } from '../../../lib/ops/reduce/sum';
import { transpose } from '../../../lib/ops/shape/transpose';
import { vjp } from '../../../lib/transforms/vjp';
import { at, build, indicesOf, positionIn, type NdArray } from '../../support/array';
import type { Case, Row } from '../row';

/** The indices of one axis that a slice takes, as Python lists them. */
function rangeOf(length: number, start: number | undefined, stop: number | undefined, step = 1): number[] {
  const all = Array.from({ length }, (_, i) => i);
  const from = (index: number): number => (index < 0 ? index + length : index);
  const inside = (i: number): boolean =>
    step > 0
      ? i >= from(start ?? 0) && i < from(stop ?? length)
      : i <= from(start ?? length - 1) && (stop === undefined || i > from(stop));
  const passed = (step > 0 ? all : all.reverse()).filter(inside);
  return passed.filter((_, k) => k % Math.abs(step) === 0);
}

/** Per axis the indices that a slice takes. */
const taken = (shape: Shape, { starts = [], stops = [], steps = [] }: SliceOptions): number[][] =>
  shape.map((length, axis) => rangeOf(length, starts[axis], stops[axis], steps[axis]));

const SLICES: readonly Case[] = [
  { name: 'ranges', inputs: [{ shape: [3, 4] }], options: { starts: [0, 1], stops: [2, 3] } },
  {
    name: 'from the end',
    inputs: [{ shape: [3, 4] }],
    options: { starts: [-2, -3], stops: [undefined, -1] },
  },
  { name: 'backwards', inputs: [{ shape: [5, 4] }], options: { steps: [-2, -1] } },
  {
    name: 'backwards from',
    inputs: [{ shape: [6, 2, 2] }],
    options: { starts: [4], stops: [0], steps: [-3] },
  },
  { name: 'a column', inputs: [{ shape: [4, 3] }], options: { starts: [undefined, 2] } },
  { name: 'one element', inputs: [{ shape: [1, 1] }], options: { steps: [-1, 2] } },
  { name: 'nothing left', inputs: [{ shape: [3, 2] }], options: { starts: [2], stops: [1] } },
  { name: 'no elements', inputs: [{ shape: [0, 3] }], options: { starts: [0, 1] } },
];
const LARGE_SLICE: Case = { name: 'large', inputs: [{ shape: [301, 257] }], options: { steps: [-2, 3] } };

const sliced = (x: NdArray, options: SliceOptions): NdArray => {
  const indices = taken(x.shape, options);
  return build(
    indices.map((list) => list.length),
    (index) => at(x, ...index.map((i, axis) => indices[axis]![i]!)),
  );
};

/** sliceGrad has no public function: it is what comes back through a slice. Its input here is what was sliced. */
const scattered = (x: NdArray, options: SliceOptions): NdArray => {
  const part = sliced(x, options);
  const indices = taken(x.shape, options);
  const data = new Float64Array(x.data.length);
  for (const index of indicesOf(part.shape)) {
    data[
      positionIn(
        x.shape,
        index.map((i, axis) => indices[axis]![i]!),
      )
    ]! += at(part, ...index);
  }
  return { shape: x.shape, data };
};

interface Padding {
  readonly amounts: readonly (readonly [number, number])[];
  readonly value?: number;
}

const counted = ({ count, start = 0, step = 1 }: IotaOptions & { readonly count: number }): NdArray =>
  build([count], ([i]) => start + i! * step);

/** The shape to broadcast to, where -1 stands for the extent that is there. */
const withOwn = (x: { readonly shape: Shape }, to: Shape): Shape =>
  to.map((own, axis) => (own === -1 ? x.shape[axis - to.length + x.shape.length]! : own));

const same = ([x]: readonly NdArray[]): NdArray => x!;
const any = (shape: Shape): Case => ({ name: `[${shape.join(', ')}]`, inputs: [{ shape }] });

/** Ops that move elements about. */
export const shape: readonly Row[] = [
  {
    name: 'identity',
    run: ([x]) => identity(x!),
    reference: same,
    cases: [any([3, 4]), any([1]), any([0, 2])],
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'tap',
    run: ([x]) => tap(x!, 'here'),
    reference: same,
    cases: [any([3, 4]), any([1]), any([0, 2])],
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'stopGradient',
    run: ([x]) => stopGradient(x!),
    reference: same,
    cases: [any([3, 4]), any([1]), any([0, 2])],
    orders: 0,
  },
  {
    name: 'reshape',
    run: ([x], to) => reshape(x!, to),
    reference: ([x], to: Shape) => ({
      shape: to.map((n) => (n === -1 ? x!.data.length / sizeOf(to.filter((own) => own !== -1)) : n)),
      data: x!.data,
    }),
    cases: [
      { name: 'merged', inputs: [{ shape: [3, 4, 2] }], options: [-1, 2] },
      { name: 'inferred', inputs: [{ shape: [4, 3] }], options: [2, -1] },
      // Also what a kernel of one axis becomes before a convolution over two.
      { name: 'images', inputs: [{ shape: [2, 4, 3] }], options: [2, 2, 2, 3] },
      { name: 'other images', inputs: [{ shape: [2, 4, 3, 2] }], options: [2, 2, 6, 2] },
      { name: 'one element', inputs: [{ shape: [1] }], options: [] },
      { name: 'no elements', inputs: [{ shape: [0, 3] }], options: [3, 0] },
    ],
    examples: [
      { axes: [0], output: (y, n) => reshape(y, [n, 4, 2]) },
      { axes: [1], output: (y, n) => transpose(reshape(y, [3, n, 2]), [1, 0, 2]) },
    ],
    mixes: [{ axes: [0], of: 'inferred' }],
  },
  {
    name: 'flatten',
    covers: ['reshape'],
    run: ([x]) => flatten(x!, 1),
    reference: ([x]) => ({ shape: [x!.shape[0]!, sizeOf(x!.shape.slice(1))], data: x!.data }),
    cases: [any([3, 2, 2]), any([1, 1]), any([2, 0, 3])],
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'transpose',
    run: ([x], order) => transpose(x!, order),
    reference: (
      [x],
      order: readonly number[] = [...x!.shape.keys()].map(
        (_, i, all) => all[i < all.length - 2 ? i : 2 * all.length - 3 - i]!,
      ),
    ) =>
      build(
        order.map((axis) => x!.shape[axis]!),
        (index) => at(x!, ...x!.shape.map((_, axis) => index[order.indexOf(axis)]!)),
      ),
    cases: [
      { name: 'a matrix', inputs: [{ shape: [3, 4] }] },
      { name: 'three axes', inputs: [{ shape: [2, 3, 4] }], options: [2, 0, 1] },
      { name: 'five axes', inputs: [{ shape: [2, 3, 1, 4, 2] }], options: [4, 2, 0, 3, 1] },
      { name: 'one element', inputs: [{ shape: [1, 1] }], options: [1, 0] },
      { name: 'no elements', inputs: [{ shape: [3, 0] }] },
    ],
    large: { name: 'large', inputs: [{ shape: [301, 257] }], options: [1, 0] },
    examples: [
      { axes: [0], output: 1 },
      { axes: [1], output: 2, of: 'three axes' },
    ],
  },
  {
    name: 'broadcastTo',
    run: ([x], to) => broadcastTo(x!, withOwn(x!, to)),
    reference: ([x], to: Shape) => build(withOwn(x!, to), (index) => at(x!, ...index)),
    cases: [
      { name: 'rows', inputs: [{ shape: [4] }], options: [3, 4] },
      { name: 'columns', inputs: [{ shape: [3, 1] }], options: [-1, 4] },
      { name: 'both', inputs: [{ shape: [2, 1, 3] }], options: [4, -1, 5, 3] },
      { name: 'one element', inputs: [{ shape: [] }], options: [1, 1] },
      { name: 'no elements', inputs: [{ shape: [1, 3] }], options: [0, 3] },
      { name: 'no elements at all', inputs: [{ shape: [0] }], options: [2, 0] },
    ],
    large: { name: 'large', inputs: [{ shape: [1, 257] }], options: [301, 257] },
    examples: [
      { axes: [0], output: 0, of: 'columns' },
      { axes: [0], output: 1, of: 'both' },
    ],
  },
  {
    name: 'slice',
    run: ([x], options) => slice(x!, options),
    reference: ([x], options) => sliced(x!, options),
    cases: SLICES,
    large: LARGE_SLICE,
    examples: [{ axes: [0], output: 0, of: 'a column' }],
    mixes: [{ axes: [0] }, { axes: [1], of: 'a column' }],
  },
  {
    name: 'sliceGrad',
    run: ([x], options) => {
      const { value, pull } = vjp((y) => slice(y, options), x!);
      return pull(value);
    },
    reference: ([x], options) => scattered(x!, options),
    cases: SLICES,
    large: LARGE_SLICE,
    examples: [{ axes: [0], output: 0, of: 'a column' }],
  },
  {
    name: 'pad',
    run: ([x], { amounts, value = 0 }) => pad(x!, amounts, { value }),
    reference: ([x], { amounts, value = 0 }: Padding) => {
      const inner = (index: readonly number[]): number[] => index.map((i, axis) => i - amounts[axis]![0]);
      const isInside = (index: readonly number[]): boolean =>
        inner(index).every((i, axis) => i >= 0 && i < x!.shape[axis]!);
      return build(
        x!.shape.map((own, axis) => own + amounts[axis]![0] + amounts[axis]![1]),
        (index) => (isInside(index) ? at(x!, ...inner(index)) : value),
      );
    },
    cases: [
      {
        name: 'zeros',
        inputs: [{ shape: [3, 2] }],
        options: {
          amounts: [
            [0, 0],
            [1, 2],
          ],
        },
      },
      {
        name: 'a constant',
        inputs: [{ shape: [2, 3] }],
        options: {
          amounts: [
            [1, 0],
            [0, 2],
          ],
          value: 0.5,
        },
      },
      { name: 'one element', inputs: [{ shape: [1] }], options: { amounts: [[0, 1]] } },
      {
        name: 'no elements',
        inputs: [{ shape: [0, 2] }],
        options: {
          amounts: [
            [1, 1],
            [0, 0],
          ],
          value: 3,
        },
      },
    ],
    large: {
      name: 'large',
      inputs: [{ shape: [301, 257] }],
      options: {
        amounts: [
          [3, 0],
          [1, 5],
        ],
        value: -1,
      },
    },
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ axes: [1] }],
  },
  {
    name: 'concat',
    run: (inputs, axis) => concat(inputs, { axis }),
    reference: (inputs, axis: number) => {
      const shape = inputs[0]!.shape.map((own, i) =>
        i === axis ? inputs.reduce((total, x) => total + x.shape[axis]!, 0) : own,
      );
      return build(shape, (index) => {
        let i = index[axis]!;
        const part = inputs.find((x) => i < x.shape[axis]! || ((i -= x.shape[axis]!), false))!;
        return at({ shape: part.shape, data: part.data }, ...index.map((own, k) => (k === axis ? i : own)));
      });
    },
    cases: [
      { name: 'columns', inputs: [{ shape: [3, 2] }, { shape: [3, 1] }, { shape: [3, 3] }], options: 1 },
      { name: 'rows', inputs: [{ shape: [1, 2] }, { shape: [2, 2] }], options: 0 },
      { name: 'in the middle', inputs: [{ shape: [2, 1, 2] }, { shape: [2, 2, 2] }], options: 1 },
      { name: 'squares', inputs: [{ shape: [2, 2] }, { shape: [2, 2] }], options: 1 },
      { name: 'one element', inputs: [{ shape: [1] }, { shape: [1] }], options: 0 },
      { name: 'no elements', inputs: [{ shape: [2, 0] }, { shape: [2, 0] }], options: 1 },
      { name: 'an empty one', inputs: [{ shape: [2, 0] }, { shape: [2, 3] }], options: 1 },
    ],
    large: { name: 'large', inputs: [{ shape: [301, 257] }, { shape: [301, 3] }], options: 1 },
    examples: [{ axes: [0, 0, 0], output: 0 }],
    mixes: [{ axes: [1, 1], of: 'squares' }],
  },
  {
    name: 'full',
    run: (_inputs, [to, value]) => full(to, value),
    reference: (_inputs, [to, value]) => build(to, () => Math.fround(value)),
    cases: [
      { name: 'a matrix', inputs: [], options: [[2, 3], 0.1] },
      { name: 'one element', inputs: [], options: [[], -2] },
      { name: 'no elements', inputs: [], options: [[0, 3], 1] },
    ],
    special: [NaN, Infinity, -0].map((value) => ({ name: String(value), inputs: [], options: [[2], value] })),
    large: { name: 'large', inputs: [], options: [[300, 257], 3] },
    dtypes: ['float32'],
    orders: 0,
  },
  {
    name: 'iota',
    run: (_inputs, { count, ...options }) => iota(count, options),
    reference: (_inputs, options) => counted(options),
    cases: [
      { name: 'counting', inputs: [], options: { count: 5 } },
      { name: 'backwards', inputs: [], options: { count: 4, start: 3, step: -2 } },
      { name: 'from the smallest', inputs: [], options: { count: 3, start: -(2 ** 31), step: 2 ** 31 - 1 } },
      { name: 'one element', inputs: [], options: { count: 1, start: 7 } },
      { name: 'no elements', inputs: [], options: { count: 0 } },
    ],
    large: { name: 'large', inputs: [], options: { count: 100_000 } },
    gives: ['int32'],
    orders: 0,
  },
  {
    name: 'iota of floats',
    covers: ['iota'],
    run: (_inputs, { count, ...options }) => iota(count, { ...options, dtype: 'float64' }),
    reference: (_inputs, options) => counted(options),
    cases: [
      { name: 'tenths', inputs: [], options: { count: 5, start: 0.3, step: 0.1 } },
      { name: 'one element', inputs: [], options: { count: 1 } },
      { name: 'no elements', inputs: [], options: { count: 0 } },
    ],
    gives: ['float64'],
    orders: 0,
  },
];
