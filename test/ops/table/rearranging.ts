import { linspace } from '../../../lib/ops/indexing/iota';
import { squeeze, swapAxes, unstack } from '../../../lib/ops/shape/axes';
import { diag, diagEmbed, diagonal, trace } from '../../../lib/ops/shape/diagonal';
import { flip } from '../../../lib/ops/shape/flip';
import { meshgrid } from '../../../lib/ops/shape/meshgrid';
import { pad } from '../../../lib/ops/shape/pad';
import { repeat, tile } from '../../../lib/ops/shape/repeat';
import { roll } from '../../../lib/ops/shape/roll';
import { eye, tril, triu } from '../../../lib/ops/shape/triangle';
import type { MarginMode } from '../../../lib/ops/shape/margins';
import { at, build, total, type NdArray } from '../../support/array';
import { ofShapes, type Case, type Row } from '../row';

/** The element at the index with axis `axis` replaced. */
const atWith = (x: NdArray, index: readonly number[], axis: number, i: number): number =>
  at(x, ...index.map((own, k) => (k === axis ? i : own)));

const triangle = (name: 'triu' | 'tril'): Row => ({
  name,
  covers: ['where'],
  run: ([x], options) => (name === 'triu' ? triu : tril)(x!, options),
  reference: ([x], { offset = 0 } = {}) =>
    build(x!.shape, (index) => {
      const above = index.at(-1)! - index.at(-2)!;
      return (name === 'triu' ? above >= offset : above <= offset) ? at(x!, ...index) : 0;
    }),
  cases: [
    ofShapes('a matrix', undefined, [3, 4]),
    ofShapes('above', { offset: 1 }, [2, 4, 3]),
    ofShapes('below', { offset: -2 }, [4, 2]),
    ofShapes('far off', { offset: 9 }, [2, 2]),
    ofShapes('one element', undefined, [1, 1]),
    ofShapes('no elements', undefined, [0, 3]),
  ],
  special: [
    { name: 'NaN outside', inputs: [{ shape: [2, 2], values: [1, NaN, Infinity, 2] }], options: undefined },
  ],
  examples: [{ axes: [0], output: 0, of: 'above' }],
});

const onDiagonal = (offset: number, i: number): readonly [number, number] => [
  i + Math.max(0, -offset),
  i + Math.max(0, offset),
];

const diagonalLength = (rows: number, columns: number, offset: number): number =>
  Math.max(0, offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns));

const diagonalReference = (x: NdArray, offset: number): NdArray =>
  build([...x.shape.slice(0, -2), diagonalLength(x.shape.at(-2)!, x.shape.at(-1)!, offset)], (index) =>
    at(x, ...index.slice(0, -1), ...onDiagonal(offset, index.at(-1)!)),
  );

const embedReference = (x: NdArray, offset: number): NdArray => {
  const side = x.shape.at(-1)! + Math.abs(offset);
  return build([...x.shape.slice(0, -1), side, side], (index) => {
    const [row, column] = [index.at(-2)!, index.at(-1)!];
    return column - row === offset ? at(x, ...index.slice(0, -2), Math.min(row, column)) : 0;
  });
};

const DIAGONALS: readonly Case[] = [
  ofShapes('square', undefined, [3, 3]),
  ofShapes('above', { offset: 1 }, [2, 3, 4]),
  ofShapes('below', { offset: -1 }, [2, 4, 2]),
  ofShapes('the last below', { offset: -3 }, [4, 2]),
  ofShapes('outside', { offset: 5 }, [2, 3]),
  ofShapes('one element', undefined, [1, 1]),
  ofShapes('no elements', undefined, [0, 3]),
];

/** Which entry of an axis of n stands at place i, where the first entry is at 0. */
const sources: Record<MarginMode, (i: number, n: number) => number> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  edge: (i, n) => Math.min(n - 1, Math.max(0, i)),
  circular: (i, n) => ((i % n) + n) % n,
};

const padded = (mode: MarginMode): Row => ({
  name: `pad, ${mode}`,
  covers: ['concat'],
  run: ([x], amounts) => pad(x!, amounts, { mode }),
  reference: ([x], amounts: readonly (readonly [number, number])[]) =>
    build(
      x!.shape.map((own, axis) => own + amounts[axis]![0] + amounts[axis]![1]),
      (index) => at(x!, ...index.map((i, axis) => sources[mode](i - amounts[axis]![0], x!.shape[axis]!))),
    ),
  cases: [
    ofShapes(
      'all round',
      [
        [1, 2],
        [2, 1],
      ],
      [3, 4],
    ),
    ofShapes(
      'behind',
      [
        [0, 0],
        [0, 2],
      ],
      [2, 3],
    ),
    ofShapes(
      'as far as it goes',
      [
        [2, 2],
        [0, 0],
        [1, 0],
      ],
      [3, 1, 2],
    ),
    ...(mode === 'reflect'
      ? [ofShapes('one element', [[0, 0]], [1])]
      : [ofShapes('one element', [[1, 1]], [1])]),
    ofShapes(
      'no elements',
      [
        [1, 1],
        [0, 0],
      ],
      [3, 0],
    ),
  ],
  examples: [{ axes: [0], output: 0, of: 'behind' }],
});

/** Ops that repeat, turn and rearrange elements. */
export const rearranging: readonly Row[] = [
  {
    name: 'roll',
    run: ([x], [shift, axis]) => roll(x!, shift, { axis }),
    reference: ([x], [shift, axis]: [number | number[], number | number[] | undefined]) => {
      const shifts = [shift].flat();
      const flat = axis === undefined ? { shape: [x!.data.length], data: x!.data } : x!;
      const axes = axis === undefined ? [0] : [axis].flat().map((a) => (a < 0 ? a + x!.shape.length : a));
      const turned = axes.reduce(
        (y, along, i) =>
          build(y.shape, (index) => {
            const n = y.shape[along]!;
            return atWith(y, index, along, (((index[along]! - shifts[i]!) % n) + n) % n);
          }),
        flat,
      );
      return { shape: x!.shape, data: turned.data };
    },
    cases: [
      ofShapes('rows', [1, 0], [3, 2]),
      ofShapes('backwards', [-2, -1], [2, 5]),
      ofShapes('in the middle, more than once round', [7, 1], [2, 3, 2]),
      ofShapes(
        'two axes',
        [
          [1, 2],
          [0, 1],
        ],
        [3, 4],
      ),
      ofShapes('all elements', [3, undefined], [2, 4]),
      ofShapes('not at all', [3, 0], [3, 2]),
      ofShapes('one element', [1, 0], [1]),
      ofShapes('no elements', [1, 0], [2, 0]),
      ofShapes('an empty axis', [1, 0], [0, 2]),
    ],
    large: ofShapes('large', [100, 0], [301, 257]),
    examples: [{ axes: [0], output: 0, of: 'backwards' }],
    mixes: [{ axes: [0] }],
  },
  {
    name: 'flip',
    covers: ['slice'],
    run: ([x], axis) => flip(x!, { axis }),
    reference: ([x], axis?: number | number[]) =>
      build(x!.shape, (index) => {
        const axes = axis === undefined ? [...x!.shape.keys()] : [axis].flat();
        return at(x!, ...index.map((i, k) => (axes.includes(k) ? x!.shape[k]! - 1 - i : i)));
      }),
    cases: [
      ofShapes('all axes', undefined, [2, 3]),
      ofShapes('rows', 0, [3, 2]),
      ofShapes('two of three', [0, 2], [2, 2, 3]),
      ofShapes('one element', undefined, [1]),
      ofShapes('no elements', undefined, [0, 2]),
    ],
  },
  {
    name: 'tile',
    covers: ['broadcastTo'],
    run: ([x], times) => tile(x!, times),
    reference: ([x], times: number | number[]) => {
      const given = [times].flat();
      const rank = Math.max(given.length, x!.shape.length);
      const own = [...Array<number>(rank - x!.shape.length).fill(1), ...x!.shape];
      const all = [...Array<number>(rank - given.length).fill(1), ...given];
      return build(
        own.map((n, k) => n * all[k]!),
        (index) => at({ shape: own, data: x!.data }, ...index.map((i, k) => i % own[k]!)),
      );
    },
    cases: [
      ofShapes('both axes', [2, 3], [2, 2]),
      ofShapes('the last axis', 2, [2, 3]),
      ofShapes('new axes', [2, 1, 1], [3]),
      ofShapes('one element', [1], [1]),
      ofShapes('no elements', [2, 2], [0, 2]),
      ofShapes('not once', [0, 1], [2, 2]),
    ],
    examples: [{ axes: [0], output: 0, of: 'the last axis' }],
  },
  {
    name: 'repeat',
    covers: ['broadcastTo', 'take'],
    run: ([x], [counts, axis]) => repeat(x!, counts, { axis }),
    reference: ([x], [counts, axis]: [number | number[], number | undefined]) => {
      const flat = axis === undefined ? { shape: [x!.data.length], data: x!.data } : x!;
      const along = axis ?? 0;
      const entries = Array.from({ length: flat.shape[along]! }, (_, i) =>
        Array<number>(typeof counts === 'number' ? counts : counts[i]!).fill(i),
      ).flat();
      return build(
        flat.shape.map((own, k) => (k === along ? entries.length : own)),
        (index) => atWith(flat, index, along, entries[index[along]!]!),
      );
    },
    cases: [
      ofShapes('rows', [2, 0], [3, 2]),
      ofShapes('a count per column', [[0, 3, 1], 1], [2, 3]),
      ofShapes('all elements', [2, undefined], [2, 2]),
      ofShapes('one element', [1, 0], [1]),
      ofShapes('no elements', [3, 0], [0, 2]),
    ],
    examples: [{ axes: [0], output: 0, of: 'a count per column' }],
  },
  {
    name: 'squeeze, swapAxes and unstack',
    covers: ['transpose', 'slice'],
    run: ([x]) => [squeeze(x!, { axis: 1 }), swapAxes(x!, 0, -1), ...unstack(x!, { axis: -1 })],
    reference: ([x]) => [
      { shape: [x!.shape[0]!, x!.shape[2]!], data: x!.data },
      build([...x!.shape].reverse(), (index) => at(x!, ...[...index].reverse())),
      ...Array.from({ length: x!.shape[2]! }, (_, k) =>
        build(x!.shape.slice(0, 2), (index) => at(x!, ...index, k)),
      ),
    ],
    gives: ['float', 'float', 'float', 'float'],
    cases: [ofShapes('rows', undefined, [3, 1, 2]), ofShapes('no elements', undefined, [0, 1, 2])],
    without: { size1: 'there is one result per column' },
  },
  triangle('triu'),
  triangle('tril'),
  {
    name: 'eye',
    covers: ['equal'],
    run: (_inputs, [rows, options]) => eye(rows, options),
    reference: (_inputs, [rows, { columns = rows, offset = 0 }]) =>
      build([rows, columns], ([i, j]) => Number(offset === j! - i!)),
    cases: [
      { name: 'square', inputs: [], options: [3, {}] },
      { name: 'wide', inputs: [], options: [2, { columns: 4, offset: 1 }] },
      { name: 'one element', inputs: [], options: [1, {}] },
      { name: 'no elements', inputs: [], options: [0, {}] },
    ],
    dtypes: ['float32'],
    orders: 0,
  },
  {
    name: 'diagonal',
    covers: ['slice'],
    run: ([x], options) => diagonal(x!, options),
    reference: ([x], { offset = 0 } = {}) => diagonalReference(x!, offset),
    cases: DIAGONALS,
    examples: [{ axes: [0], output: 0, of: 'above' }],
  },
  {
    name: 'diagEmbed',
    covers: ['sliceGrad'],
    run: ([x], options) => diagEmbed(x!, options),
    reference: ([x], { offset = 0 } = {}) => embedReference(x!, offset),
    cases: [
      ofShapes('a vector', undefined, [3]),
      ofShapes('above', { offset: 2 }, [2, 3]),
      ofShapes('below', { offset: -1 }, [2, 2, 2]),
      ofShapes('one element', undefined, [1]),
      ofShapes('no elements', undefined, [2, 0]),
    ],
    examples: [{ axes: [0], output: 0, of: 'above' }],
  },
  {
    name: 'diag and trace',
    covers: ['slice', 'sum'],
    run: ([x], options) =>
      x!.shape.length === 1 ? diag(x!, options) : [diag(x!, options), trace(x!, options)],
    reference: ([x], { offset = 0 } = {}) => {
      if (x!.shape.length === 1) return embedReference(x!, offset);
      const on = diagonalReference(x!, offset);
      return [on, { shape: [], data: Float64Array.of(total(on.data.length, (i) => on.data[i]!)) }];
    },
    cases: [
      ofShapes('a matrix', undefined, [3, 4]),
      ofShapes('a vector', { offset: 1 }, [3]),
      ofShapes('one element', undefined, [1, 1]),
      ofShapes('no elements', undefined, [0, 2]),
    ],
  },
  {
    name: 'meshgrid',
    covers: ['broadcastTo'],
    run: (vectors, indexing) => meshgrid(vectors, { indexing }),
    reference: (vectors, indexing: 'xy' | 'ij' = 'xy') => {
      const axisOf = (k: number): number => (indexing === 'xy' && k < 2 ? 1 - k : k);
      const shape: number[] = [];
      vectors.forEach((vector, k) => (shape[axisOf(k)] = vector.data.length));
      return vectors.map((vector, k) => build(shape, (index) => vector.data[index[axisOf(k)]!]!));
    },
    gives: ['float', 'float', 'float'],
    cases: [
      ofShapes('xy', undefined, [2], [3], [2]),
      ofShapes('ij', 'ij', [2], [3]),
      ofShapes('one element', 'ij', [1], [1]),
      ofShapes('no elements', 'xy', [0], [0]),
    ],
  },
  padded('reflect'),
  padded('edge'),
  padded('circular'),
  {
    name: 'linspace',
    covers: ['iota'],
    run: (_inputs, [start, stop, count, endpoint]) =>
      linspace(start, stop, count, { endpoint, dtype: 'float64' }),
    reference: (_inputs, [start, stop, count, endpoint = true]) =>
      build([count], ([i]) => start + (i! * (stop - start)) / (endpoint ? Math.max(1, count - 1) : count)),
    cases: [
      { name: 'with the end', inputs: [], options: [0.1, 0.9, 7] },
      { name: 'without the end', inputs: [], options: [1, -1, 4, false] },
      { name: 'one element', inputs: [], options: [3, 4, 1] },
      { name: 'no elements', inputs: [], options: [3, 4, 0] },
    ],
    gives: ['float64'],
    dtypes: ['float64'],
    orders: 0,
  },
];
