import { ops, single } from '../../../lib/graph/op';
import type { Tensor } from '../../../lib/graph/tensor';
import * as activations from '../../../lib/ops/elementwise/activations';
import { floorDiv, fmod, remainder } from '../../../lib/ops/elementwise/division';
import * as math from '../../../lib/ops/elementwise/math';
import { greater, pow } from '../../../lib/ops/elementwise/arithmetic';
import * as trigonometry from '../../../lib/ops/elementwise/trigonometry';
import type { Row } from '../row';
import { binaryRow, elementwise, SPECIAL, unaryRow, type ElementwiseSample } from './elementwise';
import { erf } from './errorFunction';

const POSITIVE = [0.2, 3] as const;
const INSIDE = [-0.9, 0.9] as const;

/** Newton's method from a start that is right for small x. */
function erfinv(x: number): number {
  if (!(Math.abs(x) < 1)) return Math.abs(x) === 1 ? x * Infinity : NaN;
  let y = (Math.sqrt(Math.PI) / 2) * x;
  for (let i = 0; i < 50; i += 1) y -= (erf(y) - x) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-y * y));
  return y;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** What x times a factor tends to when the factor vanishes first. */
const gated = (x: number, factor: number): number => (factor === 0 ? 0 : x * factor);
const distribution = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const TANH_SCALE = Math.sqrt(2 / Math.PI);
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** A function of one number at usual and at special points. */
const row = (
  name: string,
  run: (x: Tensor) => Tensor,
  reference: (x: number) => number,
  sample: ElementwiseSample & Partial<Pick<Row, 'covers' | 'special'>> = {},
): Row => ({ ...unaryRow(name, run, reference, sample), ...sample });

/** Sines of huge numbers are checked against exact values in accuracy.test.ts. */
const SMALL = SPECIAL.filter((x) => Math.abs(x) < 100 || !Number.isFinite(x));
const small: Row['special'] = [
  { name: 'special numbers', inputs: [{ shape: [SMALL.length], values: SMALL }] },
];

/** The derivative of an activation, which is an op of its own without a public function. */
const slope = (name: string, reference: (x: number) => number): Row =>
  row(name, (x) => single(ops.get(name)!([x], {})), reference, {
    special: small,
    // Near -0.8 two terms ten times as large as their sum cancel.
    tolerance: { float32: 5e-6, float64: 5e-14 },
  });

const modulo = (a: number, b: number): number => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
};
const quotient = (a: number, b: number): number => {
  if (b === 0) return a / b;
  const rest = a % b;
  const whole = Math.round((a - rest) / b);
  return rest !== 0 && rest < 0 !== b < 0 ? whole - 1 : whole;
};

const divisionOfIntegers = (name: string, run: typeof remainder, reference: typeof modulo): Row => ({
  name: `${name} of int32`,
  covers: [name],
  run: ([a, b]) => run(a!, b!),
  reference: elementwise((a, b) => (b === 0 ? 0 : reference(a, b) | 0)),
  cases: [
    {
      name: 'signs',
      inputs: [
        { shape: [3, 4], dtype: 'int32', range: [-9, 9] },
        { shape: [4], dtype: 'int32', values: [3, -3, 7, -7] },
      ],
    },
    {
      name: 'one element',
      inputs: [1, 1].map((n) => ({ shape: [n], dtype: 'int32' as const, range: [1, 5] as const })),
    },
    { name: 'no elements', inputs: [0, 0].map((n) => ({ shape: [n], dtype: 'int32' as const })) },
    {
      name: 'zero and the largest',
      inputs: [
        { shape: [4], dtype: 'int32', values: [5, 0, -(2 ** 31), 2 ** 31 - 1] },
        { shape: [4], dtype: 'int32', values: [0, 0, -1, -1] },
      ],
    },
  ],
  gives: ['int32'],
  orders: 0,
});

/** Functions of one and of two numbers beyond the commonest. */
export const functions: readonly Row[] = [
  row('exp2', math.exp2, (x) => 2 ** x),
  row('log2', math.log2, Math.log2, { range: POSITIVE }),
  row('log10', math.log10, Math.log10, { range: POSITIVE, covers: ['log'] }),
  row('erfc', math.erfc, (x) => 1 - erf(x), { range: [-1.5, 1.5] }),
  row('erfinv', math.erfinv, erfinv, { range: INSIDE }),
  row('tan', trigonometry.tan, Math.tan, { range: [-1.3, 1.3], special: small }),
  row('asin', trigonometry.asin, Math.asin, { range: INSIDE }),
  row('acos', trigonometry.acos, Math.acos, { range: INSIDE }),
  row('atan', trigonometry.atan, Math.atan),
  row('sinh', trigonometry.sinh, Math.sinh),
  row('cosh', trigonometry.cosh, Math.cosh),
  row('asinh', trigonometry.asinh, Math.asinh, { covers: ['log1p', 'sqrt', 'sign'], special: small }),
  row('acosh', trigonometry.acosh, Math.acosh, {
    range: [1.2, 3],
    covers: ['log1p', 'sqrt'],
    special: small,
  }),
  row('atanh', trigonometry.atanh, Math.atanh, { range: INSIDE, covers: ['log1p'] }),
  row('silu', activations.silu, (x) => gated(x, sigmoid(x)), { covers: ['silu'] }),
  row(
    'gelu',
    (x) => activations.gelu(x),
    (x) => gated(x, distribution(x)),
    { tolerance: { float32: 1e-6, float64: 1e-13 } },
  ),
  row(
    'geluTanh',
    (x) => activations.gelu(x, { approximate: 'tanh' }),
    (x) => gated(x, sigmoid(2 * TANH_SCALE * x * (1 + 0.044715 * x * x))),
  ),
  row('softplus', (x) => activations.softplus(x), softplus),
  row(
    'softplus with a sharp bend',
    (x) => activations.softplus(x, { beta: 3, threshold: 4 }),
    (x) => (3 * x > 4 ? x : softplus(3 * x) / 3),
    {
      covers: ['softplus', 'where'],
    },
  ),
  row('logSigmoid', activations.logSigmoid, (x) => -softplus(-x), { covers: ['softplus'] }),
  slope('siluSlope', (x) => sigmoid(x) + gated(x, sigmoid(x) * sigmoid(-x))),
  slope('geluSlope', (x) => distribution(x) + gated(x, density(x))),
  slope('geluTanhSlope', (x) => {
    const v = 2 * TANH_SCALE * x * (1 + 0.044715 * x * x);
    const bend = gated(x, sigmoid(v) * sigmoid(-v));
    return sigmoid(v) + gated(2 * TANH_SCALE * (1 + 3 * 0.044715 * x * x), bend);
  }),
  row(
    'leakyRelu',
    (x) => activations.leakyRelu(x, { slope: 0.1 }),
    (x) => (x > 0 ? x : 0.1 * x),
    { covers: ['where'] },
  ),
  row(
    'elu',
    (x) => activations.elu(x, { alpha: 1.5 }),
    (x) => (x > 0 ? x : 1.5 * Math.expm1(x)),
    { covers: ['where', 'expm1'] },
  ),
  row(
    'clip',
    (x) => activations.clip(x, { min: -1.1, max: 0.7 }),
    (x) => Math.min(Math.max(x, -1.1), 0.7),
    {
      covers: ['maximum', 'minimum'],
      special: [],
    },
  ),
  row(
    'where with a number',
    (x) => math.where(greater(x, 0), x, -1),
    (x) => (x > 0 ? x : -1),
    { covers: ['where'] },
  ),
  row('trunc', math.trunc, Math.trunc, { orders: 0 }),
  row('isNaN', math.isNaN, (x) => Number(Number.isNaN(x)), { orders: 0, gives: ['bool'] }),
  row('isInf', math.isInf, (x) => Number(Math.abs(x) === Infinity), { orders: 0, gives: ['bool'] }),
  binaryRow('atan2', trigonometry.atan2, Math.atan2, { ranges: [[-2, 2], POSITIVE] }),
  binaryRow('remainder', remainder, modulo, {
    ranges: [
      [-2, 2],
      [2.5, 4],
    ],
  }),
  binaryRow('fmod', fmod, (a, b) => a % b, {
    ranges: [
      [-2, 2],
      [0.3, 0.4],
    ],
  }),
  binaryRow('floorDiv', floorDiv, quotient, { ranges: [[-2, 2], POSITIVE], orders: 0 }),
  divisionOfIntegers('remainder', remainder, modulo),
  divisionOfIntegers('fmod', fmod, (a, b) => a % b),
  divisionOfIntegers('floorDiv', floorDiv, (a, b) => Math.floor(a / b)),
  {
    name: 'pow of zero',
    covers: ['pow'],
    run: ([a, b]) => pow(a!, b!),
    reference: elementwise(Math.pow),
    cases: [
      {
        name: 'whole exponents',
        inputs: [
          { shape: [6], values: [0, 0, 0, 0, -1.5, 2] },
          { shape: [6], values: [0, 1, 2, 3, 3, 0], constant: true },
        ],
      },
    ],
    without: { empty: 'see pow', size1: 'see pow' },
  },
];
