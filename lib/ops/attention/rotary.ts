import { checkRecord, OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { sameExampleAxis } from '../../graph/exampleAxis';
import { defineOp, single } from '../../graph/op';
import { extent, formatShape, sameShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, mul, neg, sub, zeros } from '../elementwise/arithmetic';
import { leadingAxes } from '../batching';
import { checkFloats, checkSame } from '../floats';
import { take } from '../indexing/take';
import { sum, sumTo } from '../reduce/sum';
import { concat } from '../shape/concat';
import { reshape } from '../shape/reshape';
import { slice } from '../shape/slice';
import { asIndices } from '../indices';
import type { RotaryTables } from './rotaryTables';

interface Layout {
  readonly interleaved: boolean;
}

/** x [..., T, D] as [N, M, T, D], and tables [T, R] or [N, T, R] as [N or 1, T, R]. */
function views(x: Spec, table: Spec): { readonly x: Shape; readonly table: Shape } {
  const matrix = x.shape.slice(-2);
  const examples = x.shape.length > 2 ? extent(x.shape, 0) : 1;
  const table3 = table.shape.length === 3 ? table.shape : [1, ...table.shape];
  return { x: [examples, sizeOf(x.shape.slice(1, -2)), ...matrix], table: table3 };
}

function checkTables(x: Spec, cos: Spec, sin: Spec): void {
  checkFloats('rotary', x, cos, sin);
  checkSame('rotary', 'sines', sin, cos.shape);
  const [steps = 0, width = 0] = x.shape.slice(-2);
  const pairs = cos.shape.at(-1) ?? 0;
  const expected = [...(cos.shape.length === 3 ? [extent(x.shape, 0)] : []), steps, pairs];
  const hasExamples = cos.shape.length < 3 || x.shape.length > 2;
  if (x.shape.length < 2 || !hasExamples || !sameShape(cos.shape, expected) || 2 * pairs > width) {
    throw new ShapeError(
      `rotary: x [N, ..., T, D] with tables [T, R] or [N, T, R], 2 R at most D, expected, got ${formatShape(x.shape)} ` +
        `and ${formatShape(cos.shape)}`,
    );
  }
}

/** The two members of every pair, [..., T, R] each, and what is not turned. */
function pairsOf(x: Tensor, pairs: number, { interleaved }: Layout): { a: Tensor; b: Tensor; rest: Tensor } {
  const last = (start: number, stop: number, step: number): Tensor => {
    const whole = x.shape.slice(0, -1);
    return slice(x, {
      starts: [...whole.map(() => 0), start],
      stops: [...whole, stop],
      steps: [...whole.map(() => 1), step],
    });
  };
  const rest = last(2 * pairs, extent(x.shape, -1), 1);
  return interleaved
    ? { a: last(0, 2 * pairs, 2), b: last(1, 2 * pairs, 2), rest }
    : { a: last(0, pairs, 1), b: last(pairs, 2 * pairs, 1), rest };
}

/** The inverse of `pairsOf`. */
function joined(a: Tensor, b: Tensor, rest: Tensor, { interleaved }: Layout): Tensor {
  const open = [...a.shape, 1];
  const turned = interleaved
    ? reshape(concat([reshape(a, open), reshape(b, open)], { axis: -1 }), [
        ...a.shape.slice(0, -1),
        2 * extent(a.shape, -1),
      ])
    : concat([a, b], { axis: -1 });
  return concat([turned, rest], { axis: -1 });
}

/** Tables [T, R] or [N, T, R] in the place where they broadcast with x [N, ..., T, R]. */
function aligned(table: Tensor, rank: number): Tensor {
  if (table.shape.length < 3) return table;
  const [examples = 0, ...rest] = table.shape;
  return reshape(table, [examples, ...Array<number>(rank - 3).fill(1), ...rest]);
}

/** (a, b) -> (a cos - b sin, b cos + a sin), the rest kept or zero. */
function turned(x: Tensor, cos: Tensor, sin: Tensor, layout: Layout, keepsRest: boolean): Tensor {
  const { a, b, rest } = pairsOf(x, extent(cos.shape, -1), layout);
  const [c, s] = [aligned(cos, x.shape.length), aligned(sin, x.shape.length)];
  return joined(
    sub(mul(a, c), mul(b, s)),
    add(mul(b, c), mul(a, s)),
    keepsRest ? rest : zeros(rest.shape, rest.dtype),
    layout,
  );
}

const rotaryOp = defineOp<Layout>('rotary', {
  infer: ([x, cos, sin]) => {
    checkTables(x, cos, sin);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'rotary',
    attributes: ({ interleaved }) => [Number(interleaved)],
    views: (_attributes, [x, cos]) => {
      const { x: rows, table } = views(x, cos);
      return { inputs: [rows, table, table], outputs: [rows] };
    },
  },
  flops: ([, cos], [y]) => 6 * sizeOf(y.shape.slice(0, -1)) * extent(cos.shape, -1),
  // The way back is the turn the other way; dcos = ga a + gb b, dsin = gb a - ga b, summed where tables are shared.
  vjp: ([g], [x, cos, sin], _outputs, layout, [wantX, wantCos, wantSin]) => {
    const { a, b } = pairsOf(x, extent(cos.shape, -1), layout);
    const { a: ga, b: gb } = pairsOf(g, extent(cos.shape, -1), layout);
    const summed = (terms: Tensor): Tensor => {
      const middle = [...terms.shape.keys()].slice(1, -2);
      return cos.shape.length === 3 ? sum(terms, { axis: middle }) : sumTo(terms, cos.shape);
    };
    return [
      wantX ? rotaryOf(g, cos, neg(sin), layout) : null,
      wantCos ? summed(add(mul(ga, a), mul(gb, b))) : null,
      wantSin ? summed(sub(mul(gb, a), mul(ga, b))) : null,
    ];
  },
  jvp: ([dx, dcos, dsin], [x, cos, sin], _outputs, layout) => {
    const parts = [
      dx && rotaryOf(dx, cos, sin, layout),
      dcos && turned(x, dcos, zeros(sin.shape, sin.dtype), layout, false),
      dsin && turned(x, zeros(cos.shape, cos.dtype), dsin, layout, false),
    ].filter((part) => part !== null);
    return [parts.reduce((total, part) => add(total, part))];
  },
  decompose: ([x, cos, sin], layout) => turned(x, cos, sin, layout, true),
  example: {
    axis: ({ first, axes: [x, cos, sin], inputs: [values, table], mixes }) => {
      const rank = values.shape.length;
      const isBefore = (x ?? first).axis < rank - 2;
      if (!x || !isBefore) return mixes('it turns by the place along the example axis');
      const tables = [cos, sin];
      if (table.shape.length < 3) return tables.some(Boolean) ? mixes('its tables hold the examples') : x;
      if (x.axis !== 0) return x;
      const agree = tables.every((axis) => axis && sameExampleAxis(axis, x));
      return agree ? x : mixes('one of its inputs has an entry per example, but no examples');
    },
    through: ({ site, which, inputs: [, cos, sin], attributes }) =>
      site.kind === 'dense' && which === 0 && cos.shape.length === 2
        ? { kind: 'dense', values: rotaryOf(site.values, cos, neg(sin), attributes) }
        : null,
  },
  batch: (use) => (use.inputs[1].shape.length === 2 && !use.batched[1] ? leadingAxes<Layout>(0)(use) : null),
});

const rotaryOf = (x: Tensor, cos: Tensor, sin: Tensor, layout: Layout): Tensor =>
  single(rotaryOp([x, cos, sin], layout));

export interface RotaryOptions {
  /**
   * Which numbers make a pair: `half`, i and R + i, as in GPT-NeoX and Llama, or `interleaved`, 2 i and 2 i + 1, as in
   * GPT-J. Default `half`.
   */
  readonly layout?: 'half' | 'interleaved';
  /** The place of every step, int32 [T] or [N, T]: a row of the tables. Default: steps 0 to T - 1. */
  readonly positions?: Tensor;
}

const ROTARY_OPTIONS: Kinds<RotaryOptions> = { layout: 'string', positions: 'tensor' };

/**
 * Rotary position embedding (Su et al. 2021) of x [N, ..., T, D], queries or keys: pairs of numbers (a, b) of step t are
 * turned by its angles,
 *
 *     (a, b) -> (a cos - b sin, b cos + a sin)
 *
 * The tables [P, R] say by how much; what lies behind the first 2 R numbers stays as it is (partial rotation).
 *
 * @example
 * const tables = rotaryTables(64, { steps: 1024 });
 * attention(rotary(q, tables), rotary(k, tables), v, { causal: true });
 * @throws ShapeError when tables are shorter than x or wider; DTypeError for positions that are not int32.
 */
export function rotary(x: Tensor, tables: RotaryTables, options: RotaryOptions = {}): Tensor {
  checkRecord('rotary', tables, 'the tables');
  const { cos, sin } = tables;
  checkTensors('rotary', { x, cos, sin });
  checkKinds('rotary', options, ROTARY_OPTIONS);
  const { layout = 'half', positions } = options;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- JavaScript callers may give anything
  if (layout !== 'half' && layout !== 'interleaved') {
    throw new OptionError(`rotary: layout 'half' or 'interleaved' expected, got '${String(layout)}'`);
  }
  const steps = x.shape.at(-2) ?? 0;
  const rows = (table: Tensor): Tensor => {
    if (positions) return take(table, asIndices('rotary', positions, extent(table.shape, 0), 'positions'));
    if (table.shape.length !== 2 || extent(table.shape, 0) <= steps) return table;
    return slice(table, { starts: [0], stops: [steps] });
  };
  return rotaryOf(x, rows(cos), rows(sin), { interleaved: layout === 'interleaved' });
}
