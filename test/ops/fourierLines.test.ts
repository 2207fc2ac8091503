import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { cast } from '../../lib/ops/elementwise/arithmetic';
import { fft, ifft, irfft, rfft } from '../../lib/ops/fft/fft';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal } from '../../lib/random';

// Several lines of a length are transformed together. Radices of their own and others, odd and even lengths, a group that
// is not full, and lengths beyond what is done that way.
const LENGTHS = [2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 30, 49, 64, 77, 94, 106, 243];
const LINES = 21;

const numbersOf = async (x: Tensor): Promise<Float64Array> =>
  Float64Array.from(await cast(x, 'float64').data());

/** sum_j z_j e^(sign 2 pi i j k / n) of complex lines [lines, n, 2], for all k. */
function transformed(z: Float64Array, n: number, sign: number): Float64Array {
  const out = new Float64Array(z.length);
  const turns = Array.from({ length: n }, (_, j) => (sign * 2 * Math.PI * j) / n);
  const [cosines, sines] = [turns.map(Math.cos), turns.map(Math.sin)];
  for (let line = 0; line < z.length; line += 2 * n) {
    for (let k = 0; k < n; k++) {
      for (let j = 0; j < n; j++) {
        const c = cosines[(j * k) % n]!;
        const s = sines[(j * k) % n]!;
        const re = z[line + 2 * j]!;
        const im = z[line + 2 * j + 1]!;
        out[line + 2 * k]! += re * c - im * s;
        out[line + 2 * k + 1]! += re * s + im * c;
      }
    }
  }
  return out;
}

const largest = (values: Float64Array): number => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const distance = (a: Float64Array, b: Float64Array): number => largest(a.map((x, i) => x - b[i]!));

/** Of sums of 243 numbers of unit size. */
const TOLERANCE = { float32: 1e-4, float64: 1e-12 } as const;

describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
  test.each(LENGTHS)('lines of %i are those of the definition', async (n) => {
    const z = normal(key(n), [LINES, n, 2], { dtype });
    const numbers = await numbersOf(z);
    const forward = transformed(numbers, n, -1);
    expect(distance(await numbersOf(fft(z)), forward)).toBeLessThan(TOLERANCE[dtype]);
    const back = transformed(numbers, n, 1).map((x) => x / n);
    expect(distance(await numbersOf(ifft(z)), back)).toBeLessThan(TOLERANCE[dtype]);
    const columns = transpose(fft(transpose(z, [1, 0, 2]), { axis: 0 }), [1, 0, 2]);
    expect(distance(await numbersOf(columns), forward)).toBeLessThan(TOLERANCE[dtype]);
  });

  test.each(LENGTHS)('real lines of %i are those of the definition, and come back', async (n) => {
    const x = normal(key(n), [LINES, n], { dtype });
    const numbers = await numbersOf(x);
    const half = Math.floor(n / 2) + 1;
    const whole = transformed(
      Float64Array.from({ length: 2 * numbers.length }, (_, i) => (i % 2 === 0 ? numbers[i / 2]! : 0)),
      n,
      -1,
    );
    const expected = whole.filter((_, i) => i % (2 * n) < 2 * half);
    const spectrum = rfft(x);
    expect(distance(await numbersOf(spectrum), expected)).toBeLessThan(TOLERANCE[dtype]);
    expect(distance(await numbersOf(irfft(spectrum, { n })), numbers)).toBeLessThan(TOLERANCE[dtype]);
  });
});

test('a line has nothing to do with its neighbours', async () => {
  const [lines, n] = [40, 12];
  const numbers = Float32Array.from({ length: lines * n }, (_, i) => Math.sin(i));
  const spoilt = Float32Array.from(numbers);
  spoilt[5 * n] = NaN;
  spoilt[6 * n] = 1e30;
  const [clean, other] = await Promise.all(
    [numbers, spoilt].map((values) => rfft(tensor(values, { shape: [lines, n] })).data()),
  );
  const size = 2 * (n / 2 + 1);
  const isSpoilt = (i: number): boolean => Math.floor(i / size) === 5 || Math.floor(i / size) === 6;
  clean!.forEach((value, i) => {
    if (!isSpoilt(i)) expect(other![i]).toBe(value);
  });
  expect(other!.slice(5 * size, 6 * size).every((value) => Number.isNaN(value))).toBe(true);
});
