// Arithmetic on numbers below the smallest normal ones, against IEEE 754: JavaScript's own is that in float64, and rounded once
// more it is that of float32 (a product has 48 bits; sums, quotients and roots have more than twice the bits and two).
import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { setThreads } from '../../../lib/native';
import {
  abs,
  add,
  cast,
  cumsum,
  div,
  equal,
  eye,
  full,
  greater,
  matmul,
  max,
  maximum,
  min,
  mul,
  neg,
  relu,
  reshape,
  sort,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  where,
} from '../../../lib/ops';
import { tensorOf } from '../../support/tensors';

type Float = 'float32' | 'float64';
const SMALLEST = { float32: 2 ** -149, float64: 2 ** -1074 };
const NORMAL = { float32: 2 ** -126, float64: 2 ** -1022 };
/** So many that every kernel shares them out among threads. */
const COUNT = 1 << 17;
const WIDTH = 64;

/** Whole multiples of the smallest number, of both signs, all below the smallest normal one. */
const denormals = (dtype: Float, factor: number): number[] =>
  Array.from({ length: COUNT }, (_, i) => {
    const size = 1 + ((i * factor) % 4093);
    return (i % 3 === 0 ? -size : size) * SMALLEST[dtype];
  });

interface Check {
  readonly name: string;
  readonly actual: Tensor;
  readonly expected: (i: number) => number;
}

function checksOf(dtype: Float): Check[] {
  const [a, b] = [denormals(dtype, 7), denormals(dtype, 11)];
  const round = dtype === 'float32' ? Math.fround : (x: number): number => x;
  const [x, y] = [tensorOf(a, [COUNT], dtype), tensorOf(b, [COUNT], dtype)];
  const of = (f: (a: number, b: number) => number) => (i: number) => round(f(a[i]!, b[i]!));
  const [big, half] = [2 ** 40, 0.5];
  const scalar = (value: number): Tensor => full([], value, dtype);
  const order = [...a].sort((p, q) => p - q);
  const total = a.reduce((s, v) => s + v / SMALLEST[dtype], 0) * SMALLEST[dtype];
  let running = 0;
  const sums = a.slice(0, 64).map((v) => (running += v));
  const square64 = reshape(x, [COUNT / WIDTH, WIDTH]);
  return [
    { name: 'add', actual: add(x, y), expected: of((p, q) => p + q) },
    { name: 'sub', actual: sub(x, y), expected: of((p, q) => p - q) },
    { name: 'neg', actual: neg(x), expected: of((p) => -p) },
    { name: 'abs', actual: abs(x), expected: of(Math.abs) },
    { name: 'mul by 0.5', actual: mul(x, scalar(half)), expected: of((p) => p * half) },
    { name: 'mul by 2^40', actual: mul(x, scalar(big)), expected: of((p) => p * big) },
    { name: 'div', actual: div(x, y), expected: of((p, q) => p / q) },
    { name: 'div by 3', actual: div(x, scalar(3)), expected: of((p) => p / 3) },
    {
      name: 'the smallest normal number less a denormal one',
      actual: sub(scalar(NORMAL[dtype]), y),
      expected: of((_, q) => NORMAL[dtype] - q),
    },
    {
      name: 'a chain',
      actual: sub(mul(add(x, y), scalar(half)), x),
      expected: of((p, q) => round((p + q) * half) - p),
    },
    { name: 'sqrt', actual: sqrt(abs(x)), expected: of((p) => Math.sqrt(Math.abs(p))) },
    {
      name: 'a square of a root',
      actual: square(mul(scalar(Math.sqrt(NORMAL[dtype])), scalar(1 / 64))),
      expected: () => round(round(round(Math.sqrt(NORMAL[dtype])) / 64) ** 2),
    },
    { name: 'maximum', actual: maximum(x, y), expected: of(Math.max) },
    { name: 'relu', actual: relu(x), expected: of((p) => Math.max(p, 0)) },
    {
      name: 'greater than 0',
      actual: cast(greater(x, scalar(0)), dtype),
      expected: of((p) => Number(p > 0)),
    },
    { name: 'equal to 0', actual: cast(equal(x, scalar(0)), dtype), expected: () => 0 },
    { name: 'where', actual: where(greater(x, y), x, y), expected: of(Math.max) },
    {
      name: 'transpose',
      actual: transpose(square64),
      expected: (i) => a[(i % (COUNT / WIDTH)) * WIDTH + Math.floor(i / (COUNT / WIDTH))]!,
    },
    { name: 'max', actual: max(x), expected: () => order.at(-1)! },
    { name: 'min', actual: min(x), expected: () => order[0]! },
    { name: 'sort', actual: sort(x), expected: (i) => order[i]! },
    // Whole multiples of the smallest number add up without rounding, in any order.
    { name: 'sum', actual: sum(x), expected: () => total },
    { name: 'cumsum', actual: cumsum(tensorOf(a.slice(0, 64), [64], dtype)), expected: (i) => sums[i]! },
    {
      name: 'matmul with ones',
      actual: matmul(square64, full([WIDTH, 1], 1, dtype)),
      expected: (i) => a.slice(i * WIDTH, (i + 1) * WIDTH).reduce((s, v) => s + v, 0),
    },
    { name: 'matmul with I', actual: matmul(square64, eye(WIDTH, { dtype })), expected: (i) => a[i]! },
    {
      name: 'to the other float and back',
      actual: cast(cast(x, dtype === 'float32' ? 'float64' : 'float32'), dtype),
      expected: dtype === 'float32' ? (i) => a[i]! : (i) => Math.fround(a[i]!),
    },
    ...(dtype === 'float32'
      ? []
      : [
          {
            name: 'from float64 to float32',
            actual: cast(mul(x, scalar(2 ** 925)), 'float32'),
            expected: of((p) => Math.fround(p * 2 ** 925)),
          },
        ]),
  ];
}

export interface DenormalReport {
  readonly checks: number;
  readonly mistakes: readonly string[];
}

/** Every kernel on so many threads. */
export async function denormalReport(threads: number): Promise<DenormalReport> {
  setThreads(threads);
  const mistakes: string[] = [];
  let count = 0;
  for (const dtype of ['float32', 'float64'] as const) {
    const checks = checksOf(dtype);
    await evaluate(checks.map(({ actual }) => actual));
    for (const { name, actual, expected } of checks) {
      count += 1;
      const data = await actual.data<'float64'>();
      // -0 and 0 are told apart.
      const wrong = data.findIndex((value, i) => !Object.is(value, expected(i)));
      if (wrong >= 0)
        mistakes.push(
          `${name}, ${dtype}, ${threads} threads: ${data[wrong]} at ${wrong}, expected ${expected(wrong)}`,
        );
    }
  }
  return { checks: count, mistakes };
}
