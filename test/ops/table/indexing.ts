import type { Tensor } from '../../../lib/graph/tensor';
import { argmax, argmin, type ArgmaxOptions } from '../../../lib/ops/reduce/argmax';
import { oneHot } from '../../../lib/ops/indexing/oneHot';
import { take, takeGrad } from '../../../lib/ops/indexing/take';
import { takeAlong, takeAlongGrad } from '../../../lib/ops/indexing/takeAlong';
import { at, build, elementsAlong, indicesOf, positionIn, type NdArray } from '../../support/array';
import type { Row, Sample } from '../row';

const indices = (shape: Sample['shape'], extent: number): Sample => ({
  shape,
  dtype: 'int32',
  range: [0, extent],
});

/** Where an element of the result of `take` comes from: `rank` axes of indices stand at `axis`. */
const source = (index: readonly number[], picks: NdArray, axis: number): number[] => {
  const rank = picks.shape.length;
  return [...index.slice(0, axis), at(picks, ...index.slice(axis, axis + rank)), ...index.slice(axis + rank)];
};

const withAxes = (
  shape: Sample['shape'],
  axis: number,
  rank: number,
  middle: readonly number[],
): number[] => [...shape.slice(0, axis), ...middle, ...shape.slice(axis + rank)];

/** Adds every element of g to the place that `place` names. */
function scatter(
  g: NdArray,
  shape: readonly number[],
  place: (index: readonly number[]) => readonly number[],
): NdArray {
  const data = new Float64Array(shape.reduce((size, n) => size * n, 1));
  for (const index of indicesOf(g.shape)) data[positionIn(shape, place(index))]! += at(g, ...index);
  return { shape, data };
}

const single = (outputs: readonly Tensor[]): readonly [Tensor, Tensor] => [outputs[0]!, outputs[1]!];

/** The largest of some numbers, with its place: the first of equals, of NaNs if there is one. */
function firstLargest(values: readonly number[]): number {
  const nan = values.findIndex(Number.isNaN);
  return nan >= 0 ? nan : values.indexOf(values.reduce((most, value) => Math.max(most, value)));
}

/** The same for the smallest. */
const firstSmallest = (values: readonly number[]): number => firstLargest(values.map((value) => -value));

/** Ops that look elements up by index. */
export const indexing: readonly Row[] = [
  {
    name: 'take',
    run: (inputs, axis) => take(...single(inputs), { axis }),
    reference: ([x, picks], axis: number) =>
      build(withAxes(x!.shape, axis, 1, picks!.shape), (index) => at(x!, ...source(index, picks!, axis))),
    cases: [
      { name: 'rows', inputs: [{ shape: [4, 3] }, indices([5], 4)], options: 0 },
      { name: 'an embedding', inputs: [{ shape: [5, 3] }, indices([3, 2], 5)], options: 0 },
      { name: 'columns', inputs: [{ shape: [3, 4] }, indices([3], 4)], options: 1 },
      { name: 'in the middle', inputs: [{ shape: [2, 4, 3] }, indices([2, 2], 4)], options: 1 },
      { name: 'one row', inputs: [{ shape: [4, 3] }, indices([], 4)], options: 0 },
      { name: 'one element', inputs: [{ shape: [1] }, indices([1], 1)], options: 0 },
      { name: 'no indices', inputs: [{ shape: [2, 3] }, indices([0], 2)], options: 0 },
      { name: 'no elements', inputs: [{ shape: [3, 0] }, indices([0], 3)], options: 0 },
    ],
    large: { name: 'large', inputs: [{ shape: [301, 257] }, indices([400], 301)], options: 0 },
    examples: [
      { axes: [null, 0], output: 0 },
      { axes: [null, 0], output: 0, of: 'an embedding' },
      { axes: [null, 1], output: 1, of: 'an embedding' },
      { axes: [null, 0], output: 1, of: 'columns' },
      { axes: [null, 1], output: 2, of: 'in the middle' },
      { axes: [0, null], output: 0, of: 'columns' },
      { axes: [2, null], output: 3, of: 'in the middle' },
    ],
    mixes: [{ axes: [0, null] }, { axes: [0, 0], of: 'columns' }],
  },
  {
    name: 'takeGrad',
    run: (inputs, [axis, extent]) => takeGrad(...single(inputs), extent, { axis }),
    reference: ([g, picks], [axis, extent]: [number, number]) =>
      scatter(g!, withAxes(g!.shape, axis, picks!.shape.length, [extent]), (index) =>
        source(index, picks!, axis),
      ),
    cases: [
      { name: 'rows', inputs: [{ shape: [5, 3] }, indices([5], 4)], options: [0, 4] },
      { name: 'an embedding', inputs: [{ shape: [3, 2, 3] }, indices([3, 2], 5)], options: [0, 5] },
      { name: 'columns', inputs: [{ shape: [3, 2] }, indices([2], 4)], options: [1, 4] },
      { name: 'in the middle', inputs: [{ shape: [2, 2, 2, 3] }, indices([2, 2], 4)], options: [1, 4] },
      { name: 'one row', inputs: [{ shape: [3] }, indices([], 4)], options: [0, 4] },
      { name: 'one element', inputs: [{ shape: [1] }, indices([1], 1)], options: [0, 1] },
      { name: 'no elements', inputs: [{ shape: [0, 3] }, indices([0], 2)], options: [0, 2] },
    ],
    large: { name: 'large', inputs: [{ shape: [900, 257] }, indices([900], 31)], options: [0, 31] },
    examples: [
      { axes: [0, null], output: 0, of: 'columns' },
      { axes: [3, null], output: 2, of: 'in the middle' },
    ],
    mixes: [{ axes: [0, 0] }, { axes: [0, null] }],
  },
  {
    name: 'takeAlong',
    run: (inputs) => takeAlong(...single(inputs)),
    reference: ([x, picks]) =>
      build(picks!.shape, (index) => at(x!, ...index.slice(0, -1), at(picks!, ...index))),
    cases: [
      { name: 'rows', inputs: [{ shape: [3, 4] }, indices([3, 2], 4)] },
      { name: 'many picks', inputs: [{ shape: [2, 2, 3] }, indices([2, 2, 11], 3)] },
      { name: 'squares', inputs: [{ shape: [3, 3] }, indices([3, 3], 3)] },
      { name: 'one element', inputs: [{ shape: [1] }, indices([1], 1)] },
      { name: 'no elements', inputs: [{ shape: [0, 4] }, indices([0, 2], 4)] },
    ],
    large: { name: 'large', inputs: [{ shape: [301, 257] }, indices([301, 100], 257)] },
    examples: [
      { axes: [0, 0], output: 0 },
      { axes: [1, 1], output: 1, of: 'many picks' },
    ],
    mixes: [{ axes: [1, 1], of: 'squares' }],
  },
  {
    name: 'takeAlongGrad',
    run: (inputs, extent) => takeAlongGrad(...single(inputs), extent),
    reference: ([g, picks], extent: number) =>
      scatter(g!, [...g!.shape.slice(0, -1), extent], (index) => [
        ...index.slice(0, -1),
        at(picks!, ...index),
      ]),
    cases: [
      { name: 'rows', inputs: [{ shape: [3, 2] }, indices([3, 2], 4)], options: 4 },
      { name: 'many picks', inputs: [{ shape: [2, 2, 11] }, indices([2, 2, 11], 3)], options: 3 },
      { name: 'squares', inputs: [{ shape: [3, 3] }, indices([3, 3], 3)], options: 3 },
      { name: 'one element', inputs: [{ shape: [1] }, indices([1], 1)], options: 1 },
      { name: 'no elements', inputs: [{ shape: [2, 0] }, indices([2, 0], 4)], options: 4 },
    ],
    large: { name: 'large', inputs: [{ shape: [301, 100] }, indices([301, 100], 257)], options: 257 },
    examples: [
      { axes: [0, 0], output: 0 },
      { axes: [1, 1], output: 1, of: 'many picks' },
    ],
    mixes: [{ axes: [1, 1], of: 'squares' }],
  },
  {
    name: 'oneHot',
    covers: ['takeAlongGrad'],
    run: ([labels], [classes, dtype]) => oneHot(labels!, classes, { dtype }),
    reference: ([labels], [classes]: [number]) =>
      build([...labels!.shape, classes], (index) =>
        Number(at(labels!, ...index.slice(0, -1)) === index.at(-1)),
      ),
    cases: [
      { name: 'labels', inputs: [indices([5], 4)], options: [4, 'uint8'] },
      { name: 'tokens', inputs: [indices([2, 3], 3)], options: [3, 'uint8'] },
      { name: 'one element', inputs: [indices([], 1)], options: [1, 'uint8'] },
      { name: 'no elements', inputs: [indices([0], 3)], options: [3, 'uint8'] },
    ],
    gives: ['uint8'],
    orders: 0,
  },
  {
    name: 'argmax',
    run: ([x], options) => argmax(x!, options),
    reference: ([x], { axis = -1, keepDims = false }: ArgmaxOptions = {}) => {
      const along = axis < 0 ? axis + x!.shape.length : axis;
      const kept = x!.shape.map((own, i) => (i === along ? 1 : own));
      const { data } = build(kept, (index) => firstLargest(elementsAlong(x!, [along], index)));
      return { shape: keepDims ? kept : x!.shape.filter((_, i) => i !== along), data };
    },
    cases: [
      { name: 'the last axis', inputs: [{ shape: [3, 5] }] },
      { name: 'the first axis', inputs: [{ shape: [4, 3, 2] }], options: { axis: 0 } },
      { name: 'kept', inputs: [{ shape: [2, 4, 3] }], options: { axis: 1, keepDims: true } },
      { name: 'equal ones', inputs: [{ shape: [2, 3], values: [1, 2, 2, 0, 0, 0] }] },
      { name: 'integers', inputs: [{ shape: [3, 5], dtype: 'int32' }] },
      { name: 'one element', inputs: [{ shape: [1, 1] }] },
      { name: 'no elements', inputs: [{ shape: [0, 3] }] },
    ],
    special: [
      { name: 'NaN', inputs: [{ shape: [2, 4], values: [1, NaN, 5, NaN, NaN, Infinity, 0, 1] }] },
      {
        name: 'NaN in columns',
        inputs: [{ shape: [2, 4], values: [1, NaN, 5, 2, NaN, 3, -Infinity, 1] }],
        options: { axis: 0 },
      },
      { name: 'infinities', inputs: [{ shape: [2, 2], values: [-Infinity, -Infinity, Infinity, 1] }] },
    ],
    large: { name: 'large', inputs: [{ shape: [301, 257] }], options: { axis: 0 } },
    gives: ['int32'],
    orders: 0,
  },
  {
    name: 'argmin',
    run: ([x], options) => argmin(x!, options),
    reference: ([x], { axis = -1, keepDims = false }: ArgmaxOptions = {}) => {
      const along = axis < 0 ? axis + x!.shape.length : axis;
      const kept = x!.shape.map((own, i) => (i === along ? 1 : own));
      const { data } = build(kept, (index) => firstSmallest(elementsAlong(x!, [along], index)));
      return { shape: keepDims ? kept : x!.shape.filter((_, i) => i !== along), data };
    },
    cases: [
      { name: 'the last axis', inputs: [{ shape: [3, 5] }] },
      { name: 'the first axis', inputs: [{ shape: [4, 3, 2] }], options: { axis: 0 } },
      { name: 'kept', inputs: [{ shape: [2, 4, 3] }], options: { axis: 1, keepDims: true } },
      { name: 'equal ones', inputs: [{ shape: [2, 3], values: [1, 2, 2, 0, 0, 0] }] },
      { name: 'integers', inputs: [{ shape: [3, 5], dtype: 'int32' }] },
      { name: 'one element', inputs: [{ shape: [1, 1] }] },
      { name: 'no elements', inputs: [{ shape: [0, 3] }] },
    ],
    special: [
      { name: 'NaN', inputs: [{ shape: [2, 4], values: [1, NaN, 5, NaN, NaN, Infinity, 0, 1] }] },
      {
        name: 'NaN in columns',
        inputs: [{ shape: [2, 4], values: [1, NaN, 5, 2, NaN, 3, -Infinity, 1] }],
        options: { axis: 0 },
      },
      { name: 'infinities', inputs: [{ shape: [2, 2], values: [-Infinity, -Infinity, Infinity, 1] }] },
    ],
    large: { name: 'large', inputs: [{ shape: [301, 257] }], options: { axis: 0 } },
    gives: ['int32'],
    orders: 0,
  },
];
