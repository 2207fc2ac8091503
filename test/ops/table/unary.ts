import { cast, log, neg, square } from '../../../lib/ops/elementwise/arithmetic';
import * as math from '../../../lib/ops/elementwise/math';
import type { Row } from '../row';
import { SPECIAL, unaryRow } from './elementwise';
import { erf } from './errorFunction';

const POSITIVE = [0.2, 3] as const;
/** Away from the kink at 0. */
const ONE_SIDED = [0.5, 2] as const;

/** Halves go to the even neighbour. */
function roundEven(x: number): number {
  if (!Number.isFinite(x) || Number.isInteger(x)) return x;
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

const HALVES = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, ...SPECIAL];
const rounding = (row: Row): Row => ({
  ...row,
  orders: 0,
  special: [{ name: 'halves and special numbers', inputs: [{ shape: [HALVES.length], values: HALVES }] }],
});

/** Ops of one number. */
export const unary: readonly Row[] = [
  unaryRow('neg', neg, (x) => -x),
  unaryRow('square', square, (x) => x * x),
  unaryRow('abs', math.abs, Math.abs),
  unaryRow('relu', math.relu, (x) => Math.max(x, 0)),
  unaryRow('log', log, Math.log, { range: POSITIVE }),
  unaryRow('log1p', math.log1p, Math.log1p, { range: [-0.6, 3] }),
  unaryRow('exp', math.exp, Math.exp),
  unaryRow('expm1', math.expm1, Math.expm1),
  unaryRow('sqrt', math.sqrt, Math.sqrt, { range: POSITIVE }),
  unaryRow('cbrt', math.cbrt, Math.cbrt, { range: ONE_SIDED }),
  unaryRow('rsqrt', math.rsqrt, (x) => 1 / Math.sqrt(x), { range: POSITIVE }),
  unaryRow('reciprocal', math.reciprocal, (x) => 1 / x, { range: ONE_SIDED }),
  unaryRow('tanh', math.tanh, Math.tanh),
  unaryRow('sigmoid', math.sigmoid, (x) => 1 / (1 + Math.exp(-x))),
  unaryRow('erf', math.erf, erf),
  { ...unaryRow('sin', math.sin, Math.sin), special: [] },
  { ...unaryRow('cos', math.cos, Math.cos), special: [] },
  unaryRow('sign', math.sign, Math.sign, { orders: 0 }),
  rounding(unaryRow('floor', math.floor, Math.floor)),
  rounding(unaryRow('ceil', math.ceil, Math.ceil)),
  rounding(unaryRow('round', math.round, roundEven)),
  unaryRow('isFinite', math.isFinite, (x) => Number(Number.isFinite(x)), { orders: 0, gives: ['bool'] }),
  {
    ...unaryRow(
      'cast',
      (x) => cast(x, 'float64'),
      (x) => x,
      { gives: ['float64'] },
    ),
    name: 'cast to float64',
    covers: ['cast'],
  },
];
