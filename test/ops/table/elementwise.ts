import type { Tensor } from '../../../lib/graph/tensor';
import { broadcastShapes, type Shape } from '../../../lib/graph/shape';
import { at, build, type NdArray } from '../../support/array';
import type { Case, ExampleUse, Row, Sample } from '../row';

/** What rows of elementwise ops are made of. */
export interface ElementwiseSample extends Pick<Row, 'orders' | 'tolerance' | 'gives'> {
  readonly range?: Sample['range'];
}

/** Numbers that both float dtypes hold: zeros, the smallest and large ones, infinities, NaN. */
export const SPECIAL = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  2 ** -149,
  -(2 ** -126),
  1,
  -1,
  0.5,
  80,
  -80,
  2 ** 60,
  -(2 ** 60),
];

const withRange = (shape: Shape, range: Sample['range']): Sample => (range ? { shape, range } : { shape });

/** A row for a function of one number. */
export function unaryRow(
  name: string,
  run: (x: Tensor) => Tensor,
  reference: (x: number) => number,
  { range, ...rest }: ElementwiseSample = {},
): Row {
  const shaped = (caseName: string, shape: Shape): Case => ({
    name: caseName,
    inputs: [withRange(shape, range)],
  });
  return {
    name,
    run: ([x]) => run(x!),
    reference: ([x]) => ({ shape: x!.shape, data: x!.data.map(reference) }),
    cases: [
      shaped('a matrix', [3, 4]),
      shaped('a scalar', []),
      shaped('one element', [1, 1]),
      shaped('no elements', [0, 3]),
      shaped('odd sizes', [5, 1, 7]),
      shaped('four axes', [2, 3, 2, 2]),
    ],
    special: [{ name: 'special numbers', inputs: [{ shape: [SPECIAL.length], values: SPECIAL }] }],
    large: shaped('large', [300, 257]),
    examples: [
      { axes: [0], output: 0 },
      { axes: [2], output: 2, of: 'odd sizes' },
    ],
    ...rest,
  };
}

/** The reference of an op that works element by element, with broadcasting. */
export const elementwise =
  (f: (...values: number[]) => number) =>
  (inputs: readonly NdArray[]): NdArray => {
    const shape = broadcastShapes(
      'reference',
      inputs.map((x) => x.shape),
    );
    return build(shape, (index) => f(...inputs.map((x) => at(x, ...index))));
  };

/** Shapes of two inputs: equal, and every way of broadcasting. */
export const BINARY_SHAPES: readonly (readonly [name: string, a: Shape, b: Shape])[] = [
  ['matrices', [3, 4], [3, 4]],
  ['squares', [3, 3], [3, 3]],
  ['a row', [3, 4], [4]],
  ['a column and a row', [2, 1, 3], [4, 1]],
  ['a scalar', [], [2, 3]],
  ['channels', [2, 3, 2, 2], [3, 1, 1]],
  ['one element', [1], [1, 1]],
  ['no elements', [0, 3], [3]],
];

/** Examples in both inputs, or in one beside a parameter. */
export const BINARY_EXAMPLES: readonly ExampleUse[] = [
  { axes: [0, 0], output: 0 },
  { axes: [0, null], output: 0, of: 'a row' },
  { axes: [null, 0], output: 1, of: 'a column and a row' },
  { axes: [null, 1], output: 1, of: 'a scalar' },
];

/** A row for a function of two numbers. */
export function binaryRow(
  name: string,
  run: (a: Tensor, b: Tensor) => Tensor,
  reference: (a: number, b: number) => number,
  {
    ranges = [],
    special = SPECIAL,
    ...rest
  }: Omit<ElementwiseSample, 'range'> & {
    readonly ranges?: readonly NonNullable<Sample['range']>[];
    readonly special?: readonly number[];
  } = {},
): Row {
  const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
  return {
    name,
    run: ([a, b]) => run(a!, b!),
    reference: elementwise(reference),
    cases: BINARY_SHAPES.map(([caseName, a, b]) => ({
      name: caseName,
      inputs: [withRange(a, ranges[0]), withRange(b, ranges[1])],
    })),
    special: [
      {
        name: 'special numbers',
        inputs: [0, 1].map((side) => ({ shape: [pairs.length], values: pairs.map((pair) => pair[side]!) })),
      },
    ],
    large: { name: 'large', inputs: [withRange([300, 257], ranges[0]), withRange([257], ranges[1])] },
    examples: BINARY_EXAMPLES,
    mixes: [{ axes: [0, 1], of: 'squares' }],
    ...rest,
  };
}
