import '../../lib/graph/evaluate';
import { defineOp, single, type OpRecord } from '../../lib/graph/op';
import type { Tensor } from '../../lib/graph/tensor';
import { add, mul, neg, sub } from '../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../lib/ops/elementwise/math';
import { flip } from '../../lib/ops/shape/flip';
import { stopGradient } from '../../lib/ops/shape/identity';
import type { Row } from '../ops/row';
import { at, build } from '../support/array';
import { campaign } from './campaign';
import { vocabulary } from './vocabulary';

// The search is searched itself: a fault that was put in on purpose must be found, and soon.

const GRAPHS = 200;
/** Seconds on an idle machine, a minute where others compute. */

/** `y = x w`, two matrices, with every rule there is. */
const sound: OpRecord<object> = {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: { elementwise: 'mul' },
  linearity: 'multilinear',
  vjp: ([g], [x, w]) => [mul(g, w), mul(g, x)],
};

const matrices = { name: 'matrices', inputs: [{ shape: [3, 4] }, { shape: [3, 4] }] };
const product: Row['reference'] = ([x, w]) => build(x!.shape, (i) => at(x!, ...i) * at(w!, ...i));

let count = 0;
function rowOf(changes: Partial<OpRecord<object>>, more: Partial<Row> = {}): Row {
  const name = `planted${count++}`;
  const op = defineOp(name, { ...sound, ...changes });
  return {
    name,
    run: (inputs) => single(op(inputs, {})),
    reference: product,
    cases: [matrices],
    ...more,
  };
}

const found = async (always: Row): Promise<string | undefined> =>
  (await campaign(1, GRAPHS, { ...vocabulary, always })).fault;

test('an op without a fault passes', async () => {
  expect(await found(rowOf({}))).toBeUndefined();
});

const square = { name: 'a square', inputs: [{ shape: [4, 4] }] };

test.each<readonly [string, Row, RegExp]>([
  ['a wrong kernel', rowOf({ lower: { elementwise: 'add' } }), /^v\d+\[\d+\] is .*, expected/],
  [
    'a transposition that moves nothing',
    rowOf(
      { lower: 'alias' },
      { cases: [square], reference: ([x]) => build(x!.shape, ([i, j]) => at(x!, j!, i!)) },
    ),
    /^v\d+\[\d+\] is .*, expected/,
  ],
  [
    'a result that is a little off',
    rowOf({}, { run: ([x, w]) => mul(mul(x as Tensor, w as Tensor), 1 + 1e-11) }),
    /^v\d+\[\d+\] is .*, expected/,
  ],
  [
    'a shape that is not the one',
    rowOf({ infer: ([x]) => ({ shape: [x.shape[0]!], dtype: x.dtype }) }),
    /expected \[3, 4\]/,
  ],
  [
    'a wrong sign going forwards',
    rowOf({ jvp: ([dx, dw], [x, w]) => [dx && dw ? sub(mul(dx, w), mul(x, dw)) : null] }),
    /^derivative 1, forwards, is/,
  ],
  [
    'members of a batch that change places',
    rowOf({
      batch: ({ inputs: [x, w], batched, apply }) => apply([batched[0] ? flip(x, { axis: 0 }) : x, w], {}),
    }),
    /^v\d+\[\d+\] under vmap is/,
  ],
  [
    'a wrong sign going back',
    rowOf({ vjp: ([g], [x, w]) => [neg(mul(g, w)), mul(g, x)] }),
    /^derivative 1 is/,
  ],
  [
    'a slip of a thousandth in one input',
    rowOf({ vjp: ([g], [x, w]) => [mul(g, w), mul(mul(g, x), 1.001)] }),
    /^derivative 1 is/,
  ],
  [
    'a second derivative that is cut off',
    rowOf({ vjp: ([g], [x, w]) => [mul(g, stopGradient(w)), mul(g, stopGradient(x))] }),
    /^derivative 2 is/,
  ],
])('%s is found, with its seed and a graph that shows it', async (_name, row, message) => {
  const fault = await found(row);
  expect(fault).toMatch(message);
  expect(fault).toMatch(/\nseed \d+, float/);
  // Shrunk to the op at fault and what leads to it.
  expect(fault!.match(/</g)).toHaveLength(1);
});

test('a fault of many ops in company is found: a chain that forgets a link', async () => {
  // Right by itself, wrong where its input is a tanh: what a faulty fusion would do.
  const careless: Row = {
    name: 'careless',
    run: ([x]) => (x!.node?.op.name === 'tanh' ? (x as Tensor) : add(x as Tensor, 1)),
    reference: ([x]) => ({ shape: x!.shape, data: x!.data.map((value) => value + 1) }),
    cases: [{ name: 'a matrix', inputs: [{ shape: [3, 4] }] }],
  };
  const tanhs: Row = {
    name: 'tanh',
    run: ([x]) => tanh(x as Tensor),
    reference: ([x]) => ({ shape: x!.shape, data: x!.data.map(Math.tanh) }),
    cases: careless.cases,
  };
  const few = [careless, tanhs];
  const { fault } = await campaign(1, GRAPHS, { rows: few });
  expect(fault).toMatch(/careless<a matrix>/);
  expect(fault).toMatch(/tanh<a matrix>/);
});
