import '../../lib/graph/evaluate';
import { defineOp, single, type OpRecord } from '../../lib/graph/op';
import { full, mul, neg } from '../../lib/ops/elementwise/arithmetic';
import { stopGradient } from '../../lib/ops/shape/identity';
import { examplesFirst } from '../../lib/ops/examplesFirst';
import { sum, sumTo, sumToExamples } from '../../lib/ops/reduce/sum';
import { at, build } from '../support/array';
import { checkDuality, checkFloat32Gradient, checkGradient, checkSecond } from './checks/derivatives';
import { checkExamples, checkMixes } from './checks/examples';
import { checkThrough } from './checks/through';
import { checkFused } from './checks/fused';
import { checkValue } from './checks/value';
import type { Case, Row } from './row';

// The checks are checked: an op that is right in everything but one rule must fail the check of that rule.

/** `y[n, d] = x[n, d] w[d]`, with every rule there is. */
const sound: OpRecord<object> = {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: { elementwise: 'mul' },
  linearity: 'multilinear',
  vjp: ([g], [x, w]) => [mul(g, w), sumTo(mul(g, x), w.shape)],
  decompose: ([x, w]) => neg(mul(neg(x), w)),
  example: {
    axis: ({ axes: [x, w], mixes }) => (x?.axis === 0 && !w ? x : mixes('an axis is not where it should be')),
    site: ({ cotangents: [g], inputs: [x, w], outputAxis }) => ({
      kind: 'dense',
      values: sumToExamples(examplesFirst(mul(g, x), outputAxis), w.shape),
    }),
    through: ({ which, site, inputs: [x, w] }) => {
      if (site.kind !== 'dense') return null;
      const values = which === 0 ? mul(site.values, w) : sum(mul(site.values, x), { axis: 1 });
      return { kind: 'dense', values };
    },
  },
};

const example = sound.example!;
const usual: Case = { name: 'rows', inputs: [{ shape: [3, 4] }, { shape: [4] }] };

let count = 0;
/** The row of an op that differs from the sound one in some rules. */
function rowWith(changes: Partial<OpRecord<object>>): Row {
  const name = `tested${count++}`;
  const op = defineOp(name, { ...sound, ...changes });
  return {
    name,
    run: (inputs) => single(op(inputs, {})),
    reference: ([x, w]) => build(x!.shape, (index) => at(x!, ...index) * at(w!, ...index)),
    cases: [usual],
  };
}

/** Every check, in the order in which a fault is to be blamed. */
const checks = {
  value: (row: Row) => checkValue(row, usual),
  fused: (row: Row) => checkFused(row, usual),
  gradient: (row: Row) => checkGradient(row, usual),
  float32: (row: Row) => checkFloat32Gradient(row, usual),
  duality: (row: Row) => checkDuality(row, usual),
  second: (row: Row) => checkSecond(row, usual),
  examples: (row: Row) => checkExamples(row, { axes: [0, null], output: 0 }),
  mixes: async (row: Row) => {
    await Promise.resolve();
    checkMixes(row, { axes: [1, null] });
  },
  through: (row: Row) => checkThrough(row, usual),
};

const faults: Record<
  string,
  { readonly in: keyof typeof checks; readonly record: Partial<OpRecord<object>> }
> = {
  'a wrong kernel': { in: 'value', record: { lower: { elementwise: 'add' } } },
  'a wrong dtype': { in: 'value', record: { infer: ([x]) => ({ shape: x.shape, dtype: 'float64' }) } },
  'a wrong decomposition': { in: 'fused', record: { decompose: ([x, w]) => mul(neg(x), w) } },
  'a wrong sign going back': {
    in: 'gradient',
    record: { vjp: ([g], [x, w]) => [neg(mul(g, w)), sumTo(mul(g, x), w.shape)] },
  },
  'a slip in the second input': {
    in: 'gradient',
    record: { vjp: ([g], [x, w]) => [mul(g, w), mul(sumTo(mul(g, x), w.shape), 1.0001)] },
  },
  'a fault in float32 alone': {
    in: 'float32',
    record: {
      vjp: ([g], [x, w]) => [mul(mul(g, w), g.dtype === 'float32' ? 1.01 : 1), sumTo(mul(g, x), w.shape)],
    },
  },
  'a forgotten term going forward': { in: 'duality', record: { jvp: ([dx], [, w]) => [dx && mul(dx, w)] } },
  'a constant where there is none': {
    in: 'second',
    record: { vjp: ([g], [x, w]) => [mul(g, stopGradient(w)), sumTo(mul(g, x), w.shape)] },
  },
  'a site of all examples together': {
    in: 'examples',
    record: {
      example: {
        ...example,
        site: ({ cotangents: [g], inputs: [x] }) => ({
          kind: 'dense',
          values: mul(sum(mul(g, x), { axis: 0, keepDims: true }), full(x.shape, 1 / 3, 'float64')),
        }),
      },
    },
  },
  'an axis rule that lets everything through': {
    in: 'mixes',
    record: { example: { ...example, axis: ({ first }) => first } },
  },
  'a site that is not followed right': {
    in: 'through',
    record: { example: { ...example, through: ({ site }) => site } },
  },
};

test.each(Object.keys(checks) as (keyof typeof checks)[])(
  'a sound op passes the check of %s',
  async (check) => {
    await expect(checks[check](rowWith({}))).resolves.toBeUndefined();
  },
);

test.each(Object.entries(faults))('%s is found', async (_name, { in: check, record }) => {
  await expect(checks[check](rowWith(record))).rejects.toThrow();
});
