import { embedding } from '../../../lib/ops/indexing/embedding';
import { gatherNd, scatterNd } from '../../../lib/ops/indexing/gatherNd';
import { compress, maskedFill } from '../../../lib/ops/indexing/masks';
import { scatterAdd, scatterSet } from '../../../lib/ops/indexing/put';
import { scatterMax, scatterMin } from '../../../lib/ops/indexing/scatterExtreme';
import { takeAlong, takeAlongGrad } from '../../../lib/ops/indexing/takeAlong';
import type { Tensor } from '../../../lib/graph/tensor';
import { at, build, indicesOf, positionIn, type NdArray } from '../../support/array';
import type { Case, Row, Sample } from '../row';

const three = (inputs: readonly Tensor[]): readonly [Tensor, Tensor, Tensor] => [
  inputs[0]!,
  inputs[1]!,
  inputs[2]!,
];

const indices = (shape: Sample['shape'], extent: number): Sample => ({
  shape,
  dtype: 'int32',
  range: [0, extent],
});

/** The index with the entry of an axis replaced by what the indices say, which may be one per row. */
const looked = (index: readonly number[], picks: NdArray, axis: number): number[] => {
  const own = index.map((i, k) => (picks.shape[k] === 1 ? 0 : i));
  return index.map((i, k) => (k === axis ? at(picks, ...own) : i));
};

const ALONG: readonly Case[] = [
  { name: 'the last axis', inputs: [{ shape: [2, 5] }, indices([2, 3], 5), { shape: [2, 3] }], options: 1 },
  {
    name: 'elements of the first axis',
    inputs: [{ shape: [4, 3] }, indices([6, 3], 4), { shape: [6, 3] }],
    options: 0,
  },
  { name: 'rows', inputs: [{ shape: [4, 3] }, indices([5, 1], 4), { shape: [5, 3] }], options: 0 },
  {
    name: 'rows of blocks',
    inputs: [{ shape: [2, 3, 2, 2] }, indices([2, 4, 1, 1], 3), { shape: [2, 4, 2, 2] }],
    options: 1,
  },
  {
    name: 'elements of the middle axis',
    inputs: [{ shape: [2, 3, 2] }, indices([2, 12, 2], 3), { shape: [2, 12, 2] }],
    options: 1,
  },
  { name: 'squares', inputs: [{ shape: [3, 3] }, indices([3, 3], 3), { shape: [3, 3] }], options: 0 },
  { name: 'one element', inputs: [{ shape: [1] }, indices([1], 1), { shape: [1] }], options: 0 },
  { name: 'no picks', inputs: [{ shape: [3, 2] }, indices([0, 1], 3), { shape: [0, 2] }], options: 0 },
  { name: 'no elements', inputs: [{ shape: [3, 0] }, indices([2, 1], 3), { shape: [2, 0] }], options: 0 },
];

/** The cases for ops of a table and indices alone. */
const pairs = (cases: readonly Case[], first: 0 | 2): Case[] =>
  cases.map((of) => ({ ...of, inputs: [of.inputs[first]!, of.inputs[1]!] }));

const LARGE: Case = {
  name: 'large',
  inputs: [{ shape: [300, 65] }, indices([900, 65], 300), { shape: [900, 65] }],
  options: 0,
};
const LARGE_ROWS: Case = {
  name: 'large rows',
  inputs: [{ shape: [300, 65] }, indices([900, 1], 300), { shape: [900, 65] }],
  options: 0,
};

/** A copy of x changed place by place, in the order of the values. */
function changed(
  x: NdArray,
  values: NdArray,
  place: (index: readonly number[]) => readonly number[],
  change: (old: number, value: number) => number,
): NdArray {
  const data = Float64Array.from(x.data);
  for (const index of indicesOf(values.shape)) {
    const position = positionIn(x.shape, place(index));
    data[position] = change(data[position]!, at(values, ...index));
  }
  return { shape: x.shape, data };
}

const writing = (name: string, covers: string, op: typeof scatterSet, sums: boolean): Row => ({
  name,
  covers: [covers],
  run: (inputs, axis) => op(...three(inputs), { axis }),
  reference: ([x, picks, values], axis: number) =>
    changed(
      x!,
      values!,
      (index) => looked(index, picks!, axis),
      (old, value) => (sums ? old + value : value),
    ),
  cases: ALONG,
  large: sums ? LARGE : LARGE_ROWS,
  examples: [
    { axes: [0, 0, 0], output: 0 },
    { axes: [0, 0, 0], output: 0, of: 'rows of blocks' },
    { axes: [2, 2, 2], output: 2, of: 'elements of the middle axis' },
  ],
  mixes: [{ axes: [0, 0, 0], of: 'squares' }],
});

/** The largest or smallest; ties and NaN stay as they are. */
const reducing = (name: 'scatterMax' | 'scatterMin', op: typeof scatterMax): Row => ({
  ...writing(name, name, op, false),
  reference: ([x, picks, values], axis: number) =>
    changed(
      x!,
      values!,
      (index) => looked(index, picks!, axis),
      (old, value) => (name === 'scatterMax' ? Math.max(old, value) : Math.min(old, value)),
    ),
  special: [
    {
      name: 'NaN and infinities',
      inputs: [
        { shape: [4], values: [0, NaN, Infinity, -Infinity] },
        { shape: [6], dtype: 'int32', values: [0, 0, 1, 2, 3, 3] },
        { shape: [6], values: [NaN, 1, 2, 3, -Infinity, 5] },
      ],
      options: 0,
    },
  ],
  large: LARGE,
});

const split = (index: readonly number[], rank: number): [number[], number[]] => [
  index.slice(0, rank),
  index.slice(rank),
];

/** Ops that look up and write by an index per element, per row, or by coordinates. */
export const scattering: readonly Row[] = [
  {
    name: 'takeAlong over any axis',
    covers: ['takeAlong'],
    run: ([x, picks], axis) => takeAlong(x!, picks!, { axis }),
    reference: ([x, picks], axis: number) =>
      build(
        x!.shape.map((own, k) => (k === axis ? picks!.shape[k]! : own)),
        (index) => at(x!, ...looked(index, picks!, axis)),
      ),
    cases: pairs(ALONG, 0),
    large: pairs([LARGE], 0)[0]!,
    examples: [
      { axes: [0, 0], output: 0, of: 'rows of blocks' },
      { axes: [2, 2], output: 2, of: 'elements of the middle axis' },
    ],
    mixes: [{ axes: [0, 0], of: 'squares' }],
  },
  {
    name: 'takeAlongGrad over any axis',
    covers: ['takeAlongGrad'],
    run: ([g, picks], axis) => takeAlongGrad(g!, picks!, 7, { axis }),
    reference: ([g, picks], axis: number) => {
      const shape = g!.shape.map((own, k) => (k === axis ? 7 : own));
      const zeros = build(shape, () => 0);
      return changed(
        zeros,
        g!,
        (index) => looked(index, picks!, axis),
        (old, value) => old + value,
      );
    },
    cases: pairs(ALONG, 2),
    large: {
      name: 'large',
      inputs: [{ shape: [3, 900, 65] }, indices([3, 900, 65], 7)],
      options: 1,
    },
    examples: [{ axes: [0, 0], output: 0, of: 'rows of blocks' }],
  },
  reducing('scatterMax', scatterMax),
  reducing('scatterMin', scatterMin),
  writing('scatterSet', 'put', scatterSet, false),
  { ...writing('scatterSet, element by element', 'put', scatterSet, false), large: LARGE },
  writing('scatterAdd', 'takeAlongGrad', scatterAdd, true),
  {
    name: 'gatherNd',
    covers: ['flatIndex'],
    run: ([x, picks]) => gatherNd(x!, picks!),
    reference: ([x, picks]) => {
      const [lead, depth] = [picks!.shape.slice(0, -1), picks!.shape.at(-1)!];
      return build([...lead, ...x!.shape.slice(depth)], (index) => {
        const [own, rest] = split(index, lead.length);
        return at(x!, ...Array.from({ length: depth }, (_, k) => at(picks!, ...own, k)), ...rest);
      });
    },
    cases: [
      { name: 'elements', inputs: [{ shape: [3, 4] }, indices([5, 2], 3)] },
      { name: 'rows', inputs: [{ shape: [3, 4, 2] }, indices([2, 2, 2], 3)] },
      { name: 'one coordinate', inputs: [{ shape: [3, 2] }, indices([4, 1], 3)] },
      { name: 'one element', inputs: [{ shape: [1] }, indices([1], 1)] },
      { name: 'no elements', inputs: [{ shape: [3, 2] }, indices([0, 1], 3)] },
    ],
    large: { name: 'large', inputs: [{ shape: [90, 50, 3] }, indices([30_000, 2], 50)] },
    examples: [{ axes: [null, 0], output: 0, of: 'rows' }],
  },
  {
    name: 'scatterNd',
    covers: ['flatIndex', 'takeGrad'],
    run: ([picks, values], shape) => scatterNd(picks!, values!, shape),
    reference: ([picks, values], shape: number[]) => {
      const rank = picks!.shape.length - 1;
      const depth = picks!.shape.at(-1)!;
      const place = (index: readonly number[]): number[] => {
        const [own, rest] = split(index, rank);
        return [...Array.from({ length: depth }, (_, k) => at(picks!, ...own, k)), ...rest];
      };
      return changed(
        build(shape, () => 0),
        values!,
        place,
        (old, value) => old + value,
      );
    },
    cases: [
      { name: 'elements', inputs: [indices([7, 2], 3), { shape: [7] }], options: [3, 4] },
      { name: 'rows', inputs: [indices([2, 3, 2], 3), { shape: [2, 3, 2] }], options: [3, 4, 2] },
      { name: 'one element', inputs: [indices([1], 1), { shape: [] }], options: [1] },
      { name: 'no elements', inputs: [indices([0, 1], 3), { shape: [0, 2] }], options: [3, 2] },
    ],
  },
  {
    name: 'embedding',
    covers: ['take'],
    run: ([table, tokens], paddingIndex) =>
      embedding(table!, tokens!, paddingIndex === undefined ? {} : { paddingIndex }),
    reference: ([table, tokens]) =>
      build([...tokens!.shape, table!.shape[1]!], (index) =>
        at(table!, at(tokens!, ...index.slice(0, -1)), index.at(-1)!),
      ),
    cases: [
      { name: 'tokens', inputs: [{ shape: [5, 3] }, indices([3, 4], 5)] },
      { name: 'one token', inputs: [{ shape: [5, 3] }, indices([], 5)] },
      { name: 'one element', inputs: [{ shape: [1, 1] }, indices([1], 1)] },
      { name: 'no elements', inputs: [{ shape: [2, 3] }, indices([0], 2)] },
    ],
    examples: [{ axes: [null, 0], output: 0 }],
  },
  {
    name: 'compress',
    covers: ['nonzero'],
    run: ([x, mask], [count, axis]) => compress(x!, mask!, count, { axis }),
    reference: ([x, mask], [, axis]: [number, number]) => {
      const kept = [...mask!.data.keys()].filter((i) => mask!.data[i] === 1);
      return build(
        x!.shape.map((own, k) => (k === axis ? kept.length : own)),
        (index) => at(x!, ...index.map((i, k) => (k === axis ? kept[i]! : i))),
      );
    },
    cases: [
      {
        name: 'rows',
        inputs: [{ shape: [5, 2] }, { shape: [5], dtype: 'bool', values: [1, 0, 0, 1, 1] }],
        options: [3, 0],
      },
      {
        name: 'columns',
        inputs: [{ shape: [2, 3] }, { shape: [3], dtype: 'bool', values: [0, 0, 1] }],
        options: [1, 1],
      },
      {
        name: 'none',
        inputs: [{ shape: [2] }, { shape: [2], dtype: 'bool', values: [0, 0] }],
        options: [0, 0],
      },
      {
        name: 'one element',
        inputs: [{ shape: [1] }, { shape: [1], dtype: 'bool', values: [1] }],
        options: [1, 0],
      },
      { name: 'no elements', inputs: [{ shape: [0] }, { shape: [0], dtype: 'bool' }], options: [0, 0] },
    ],
  },
  {
    name: 'maskedFill',
    covers: ['where'],
    run: ([x, mask], value) => maskedFill(x!, mask!, value),
    reference: ([x, mask], value: number) =>
      build(x!.shape, (index) => (at(mask!, ...index) === 1 ? value : at(x!, ...index))),
    cases: [
      { name: 'elements', inputs: [{ shape: [3, 4] }, { shape: [3, 4], dtype: 'bool' }], options: 2 },
      { name: 'columns', inputs: [{ shape: [3, 4] }, { shape: [4], dtype: 'bool' }], options: -1 },
      { name: 'one element', inputs: [{ shape: [1] }, { shape: [1], dtype: 'bool' }], options: 2 },
      { name: 'no elements', inputs: [{ shape: [0] }, { shape: [0], dtype: 'bool' }], options: 2 },
    ],
    special: [
      {
        name: 'infinity',
        inputs: [
          { shape: [2], values: [NaN, 1] },
          { shape: [2], dtype: 'bool', values: [1, 0] },
        ],
        options: -Infinity,
      },
    ],
  },
];
