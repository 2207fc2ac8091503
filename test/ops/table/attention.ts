import { sizeOf, type Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { attention, attentionWithPattern } from '../../../lib/ops/attention/attention';
import { rotary } from '../../../lib/ops/attention/rotary';
import { vjp } from '../../../lib/transforms/vjp';
import { at, build, total, type NdArray } from '../../support/array';
import type { Case, Row, Sample } from '../row';

/** Options of attention, with the names of the tensors among them: those stand behind q, k and v in the inputs. */
interface Options {
  readonly causal?: boolean;
  readonly window?: number;
  readonly scale?: number;
  readonly softCap?: number;
  readonly extras?: readonly string[];
}

const split = (inputs: readonly unknown[], { extras = [], ...options }: Options = {}): any => ({
  ...options,
  ...Object.fromEntries(extras.map((name, i) => [name, inputs[3 + i]])),
});

const run = (inputs: readonly Tensor[], options?: Options): Tensor =>
  attention(inputs[0]!, inputs[1]!, inputs[2]!, split(inputs, options));

/** The weight of every key for every query, with keys and values of the prefix before the others. */
function patternOf(inputs: readonly NdArray[], options?: Options): { pattern: NdArray; values: NdArray } {
  const { causal, window, scale, softCap, mask, bias, kPrefix, vPrefix } = split(inputs, options);
  const [q, k, v] = inputs as [NdArray, NdArray, NdArray];
  const [examples, heads, queries, width] = q.shape as [number, number, number, number];
  const [, keyHeads, steps] = k.shape as [number, number, number];
  const prefix: number = kPrefix?.shape[1] ?? 0;
  const withPrefix = (rows: NdArray | undefined, x: NdArray): NdArray =>
    build([examples, keyHeads, prefix + steps, x.shape[3]!], ([n, h, s, d]) =>
      s! < prefix ? at(rows!, h!, s!, d!) : at(x, n!, h!, s! - prefix, d!),
    );
  const keys = withPrefix(kPrefix, k);
  const isVisible = (n: number, h: number, t: number, s: number): boolean => {
    if (s < prefix) return true;
    const ahead = s - prefix - (t + steps - queries);
    if (causal && ahead > 0) return false;
    if (window !== undefined && Math.abs(ahead) >= window) return false;
    return !mask || at(mask, n, h, t, s - prefix) === 1;
  };
  const scoreOf = (n: number, h: number, t: number, s: number): number => {
    if (!isVisible(n, h, t, s)) return -Infinity;
    const shared = Math.floor(h / (heads / keyHeads));
    const product = total(width, (d) => at(q, n, h, t, d) * at(keys, n, shared, s, d));
    const scaled = product * (scale ?? 1 / Math.sqrt(width));
    const capped = softCap === undefined ? scaled : softCap * Math.tanh(scaled / softCap);
    return capped + (bias && s >= prefix ? at(bias, n, h, t, s - prefix) : 0);
  };
  const all = prefix + steps;
  const pattern = build([examples, heads, queries, all], () => 0);
  for (let row = 0; row < examples * heads * queries; row++) {
    const [t, h, n] = [row % queries, Math.floor(row / queries) % heads, Math.floor(row / queries / heads)];
    const scores = Array.from({ length: all }, (_, s) => scoreOf(n, h, t, s));
    const top = Math.max(...scores);
    if (top === -Infinity) continue;
    const powers = scores.map((score) => Math.exp(score - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, s) => (pattern.data[row * all + s] = power / sum));
  }
  return { pattern, values: withPrefix(vPrefix, v) };
}

function reference(inputs: readonly NdArray[], options?: Options): NdArray {
  const { pattern, values } = patternOf(inputs, options);
  const { headScale } = split(inputs, options);
  const group = pattern.shape[1]! / values.shape[1]!;
  const shape = [...pattern.shape.slice(0, 3), values.shape[3]!];
  return build(shape, ([n, h, t, d]) => {
    const shared = Math.floor(h! / group);
    const sum = total(pattern.shape[3]!, (s) => at(pattern, n!, h!, t!, s) * at(values, n!, shared, s, d!));
    return sum * (headScale ? at(headScale, h!) : 1);
  });
}

const qkv = (q: Shape, keyHeads: number, keys: number, valueWidth = q[3]!): Sample[] => [
  { shape: q },
  { shape: [q[0]!, keyHeads, keys, q[3]!] },
  { shape: [q[0]!, keyHeads, keys, valueWidth] },
];

/** True but in every third place, and nowhere in the first row. */
const masked = (shape: Shape): Sample => ({
  shape,
  dtype: 'bool',
  values: Array.from({ length: sizeOf(shape) }, (_, i) => Number(i >= shape.at(-1)! && i % 3 !== 1)),
});

const CASES: readonly Case[] = [
  { name: 'self', inputs: qkv([2, 2, 3, 4], 2, 3) },
  { name: 'causal, more keys than queries', inputs: qkv([2, 1, 3, 2], 1, 5, 3), options: { causal: true } },
  { name: 'causal, queries that see nothing', inputs: qkv([1, 2, 4, 3], 2, 2), options: { causal: true } },
  {
    name: 'shared keys, a cap and a window',
    inputs: qkv([2, 4, 4, 3], 2, 4),
    options: { causal: true, window: 2, softCap: 1.5, scale: 0.7 },
  },
  {
    name: 'a window on both sides',
    inputs: qkv([1, 1, 4, 2], 1, 5),
    options: { window: 2 },
  },
  {
    name: 'bias and mask',
    inputs: [...qkv([2, 2, 3, 2], 1, 4), { shape: [1, 2, 3, 4] }, masked([2, 1, 3, 4])],
    options: { extras: ['bias', 'mask'], softCap: 2 },
  },
  {
    name: 'a bias for all queries',
    inputs: [...qkv([2, 2, 3, 2], 2, 4), { shape: [4] }],
    options: { extras: ['bias'] },
  },
  {
    name: 'a prefix and scaled heads',
    inputs: [
      ...qkv([2, 4, 3, 2], 2, 3, 3),
      { shape: [2, 2, 2] },
      { shape: [2, 2, 3] },
      { shape: [4] },
      masked([2, 1, 1, 3]),
    ],
    options: { causal: true, extras: ['kPrefix', 'vPrefix', 'headScale', 'mask'] },
  },
  {
    // One key has all the weight, so that only the value has a derivative.
    name: 'one element',
    inputs: [0.5, 1, 0.75].map((value) => ({ shape: [1, 1, 1, 1], values: [value] })),
  },
  { name: 'no examples', inputs: qkv([0, 2, 3, 2], 2, 3) },
  { name: 'no keys', inputs: qkv([1, 2, 3, 2], 2, 0) },
];

/** Several blocks of queries and keys, cut by prefix, window and diagonal. */
const LARGE: Case = {
  name: 'large',
  inputs: [
    ...qkv([2, 4, 110, 20], 2, 300, 17),
    { shape: [2, 140, 20] },
    { shape: [2, 140, 17] },
    { shape: [2, 1, 1, 300] },
  ],
  options: { causal: true, window: 170, extras: ['kPrefix', 'vPrefix', 'bias'] },
};

const CUT: Case = { name: 'blocks', inputs: qkv([1, 2, 101, 5], 1, 150), options: { causal: true } };

/** A cotangent of the output before the other inputs. */
const backwards = (of: Case): Case => {
  const [q, , v] = of.inputs;
  const shape = [...q!.shape.slice(0, 3), v!.shape[3]!];
  return { ...of, inputs: [...of.inputs, { shape }] };
};

/** Those without parts that the gradient op does not see. */
const PLAIN = CASES.filter(
  ({ name, options = {} }) =>
    name !== 'one element' && !(options.extras ?? []).some((extra: string) => extra !== 'bias'),
);

/** What comes back for q, k and v, from the reference of the pattern. */
function gradReference(inputs: readonly NdArray[], options: Options = {}): NdArray[] {
  const { pattern, values } = patternOf(inputs, options);
  const [q, k, v] = inputs as [NdArray, NdArray, NdArray];
  const g = inputs.at(-1)!;
  const { scale = 1 / Math.sqrt(q.shape[3]!), softCap } = split(inputs, options);
  const [heads, keyHeads] = [q.shape[1]!, k.shape[1]!];
  const shared = (h: number): number => Math.floor(h / (heads / keyHeads));
  const dPattern = build(pattern.shape, ([n, h, t, s]) =>
    total(v.shape[3]!, (d) => at(g, n!, h!, t!, d) * at(values, n!, shared(h!), s!, d)),
  );
  const dProduct = build(pattern.shape, ([n, h, t, s]) => {
    const mean = total(k.shape[2]!, (i) => at(pattern, n!, h!, t!, i) * at(dPattern, n!, h!, t!, i));
    const product = total(q.shape[3]!, (d) => at(q, n!, h!, t!, d) * at(k, n!, shared(h!), s!, d));
    const slope = softCap === undefined ? 1 : 1 - Math.tanh((scale * product) / softCap) ** 2;
    return at(pattern, n!, h!, t!, s!) * (at(dPattern, n!, h!, t!, s!) - mean) * scale * slope;
  });
  const group = heads / keyHeads;
  const overQueries = (weight: NdArray, x: NdArray, index: readonly number[]): number => {
    const [n, h, s, d] = index as [number, number, number, number];
    return total(group * q.shape[2]!, (i) => {
      const [own, t] = [h * group + Math.floor(i / q.shape[2]!), i % q.shape[2]!];
      return at(weight, n, own, t, s) * at(x, n, own, t, d);
    });
  };
  return [
    build(q.shape, ([n, h, t, d]) =>
      total(k.shape[2]!, (s) => at(dProduct, n!, h!, t!, s) * at(k, n!, shared(h!), s, d!)),
    ),
    build(k.shape, (index) => overQueries(dProduct, q, index)),
    build(v.shape, (index) => overQueries(pattern, g, index)),
  ];
}

const rotated = (name: string, x: Shape, table: Shape, options?: any): Case => ({
  name,
  inputs: [{ shape: x }, { shape: table, range: [-1, 1] }, { shape: table, range: [-1, 1] }],
  options,
});

/** Products, exponentials and sums over the blocks. */
const TOLERANCE = { float32: 3e-6, float64: 1e-13 };

/** Attention in one kernel, its gradient, and the twin that shows the pattern. */
export const attentions: readonly Row[] = [
  {
    name: 'attention',
    run,
    reference,
    cases: [...CASES, CUT],
    special: [
      {
        name: 'far apart',
        inputs: [
          { shape: [1, 1, 1, 1], values: [1] },
          { shape: [1, 1, 3, 1], values: [1000, -1000, 0] },
          { shape: [1, 1, 3, 1], values: [3, 5, 7] },
        ],
      },
      {
        name: 'NaN in one query',
        inputs: [
          { shape: [1, 1, 2, 1], values: [NaN, 1] },
          { shape: [1, 1, 2, 1], values: [1, 2] },
          { shape: [1, 1, 2, 1], values: [3, 3] },
        ],
      },
    ],
    large: LARGE,
    tolerance: TOLERANCE,
    halves: { times: 8, withoutGradient: 'it takes the rounded result, and its terms cancel' },
    examples: [
      { axes: [0, 0, 0], output: 0 },
      { axes: [0, 0, 0], output: 0, of: 'shared keys, a cap and a window' },
      { axes: [0, 0, 0, null, 0], output: 0, of: 'bias and mask' },
      { axes: [0, 0, 0, null], output: 0, of: 'a bias for all queries' },
      { axes: [0, 0, 0, null, null, null, 0], output: 0, of: 'a prefix and scaled heads' },
    ],
    mixes: [{ axes: [1, 1, 1] }, { axes: [2, 2, 2] }, { axes: [0, null, 0] }],
  },
  {
    name: 'attentionGrad',
    run: (inputs, options) => {
      const g = inputs.at(-1)!;
      const fn = ([q, k, v]: readonly Tensor[]): Tensor => run([q!, k!, v!, ...inputs.slice(3)], options);
      return vjp(fn, inputs.slice(0, 3)).pull(g);
    },
    reference: gradReference,
    gives: ['float', 'float', 'float'],
    cases: [...PLAIN, CUT].map(backwards),
    without: { size1: 'a single key has all the weight, and derivatives are rounding errors only' },
    large: backwards({ name: 'large', inputs: qkv([2, 4, 110, 20], 2, 300, 17), options: { window: 170 } }),
    tolerance: { float32: 1e-5, float64: 1e-13 },
    halves: { times: 8, withoutGradient: 'it takes the rounded result, and its terms cancel' },
    examples: [
      { axes: [0, 0, 0, 0], output: 0 },
      { axes: [0, 0, 0, 0], output: 0, of: 'shared keys, a cap and a window' },
    ],
  },
  {
    name: 'rotary',
    run: ([x, cos, sin], options) => rotary(x!, { cos: cos!, sin: sin! }, options),
    reference: ([x, cos, sin], { layout = 'half' } = {}) => {
      const pairs = cos!.shape.at(-1)!;
      return build(x!.shape, (index) => {
        const [i, t] = [index.at(-1)!, index.at(-2)!];
        if (i >= 2 * pairs) return at(x!, ...index);
        const [pair, isSecond] = layout === 'half' ? [i % pairs, i >= pairs] : [i >> 1, i % 2 === 1];
        const partner = layout === 'half' ? (i + pairs) % (2 * pairs) : i ^ 1;
        const row = cos!.shape.length === 3 ? [index[0]!, t, pair] : [t, pair];
        const other = at(x!, ...index.slice(0, -1), partner) * at(sin!, ...row);
        return at(x!, ...index) * at(cos!, ...row) + (isSecond ? other : -other);
      });
    },
    cases: [
      rotated('halves', [2, 2, 3, 4], [3, 2]),
      rotated('neighbours', [2, 3, 4], [3, 2], { layout: 'interleaved' }),
      rotated('in part', [2, 3, 7], [3, 2]),
      rotated('tables of examples', [2, 2, 3, 5], [2, 3, 2], { layout: 'interleaved' }),
      rotated('longer tables', [3, 2], [5, 1]),
      rotated('one element', [1, 1], [1, 0]),
      rotated('no examples', [0, 3, 4], [3, 2]),
    ],
    without: { size1: 'one number is no pair' },
    large: rotated('large', [3, 8, 130, 32], [130, 12]),
    tolerance: { float32: 2e-6, float64: 1e-14 },
    examples: [
      { axes: [0, null, null], output: 0 },
      { axes: [1, null, null], output: 1 },
      { axes: [0, 0, 0], output: 0, of: 'tables of examples' },
    ],
    mixes: [{ axes: [2, null, null] }, { axes: [3, null, null] }, { axes: [2, 0, 0] }],
  },
  {
    name: 'attentionWithPattern',
    covers: [],
    run: (inputs, options) => {
      const [q, k, v] = inputs;
      const { output, pattern } = attentionWithPattern(q!, k!, v!, split(inputs, options));
      return [output, pattern];
    },
    reference: (inputs, options) => [reference(inputs, options), patternOf(inputs, options).pattern],
    gives: ['float', 'float'],
    cases: CASES,
    tolerance: TOLERANCE,
  },
];
