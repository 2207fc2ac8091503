import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { det } from '../../lib/linalg/functions/determinant';
import { matrixNorm } from '../../lib/linalg/functions/matrixNorm';
import { cast, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { complexAbs } from '../../lib/ops/fft/complex';
import { cosineSimilarity } from '../../lib/ops/losses/cosineSimilarity';
import { norm } from '../../lib/ops/reduce/norm';
import { logSumExp, mean, std, variance } from '../../lib/ops/reduce/reduce';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { jvp } from '../../lib/transforms/jvp';
import { expectClose } from '../support/compare';
import { code } from '../support/errors';

// Derivatives where a formula divides by zero, and numbers that leave a dtype on the way to a result that fits.

const double = (values: number[] | number[][] | number[][][]): Tensor => tensor(values, { dtype: 'float64' });
const gradient = async (fn: (x: Tensor) => Tensor, x: Tensor): Promise<number[]> => [
  ...(await grad((y: Tensor) => sum(fn(y)))(x).data()),
];
/** Of cofactors, whose pivots are rounded. */
const ROUNDINGS = 1e-14;

test.each<readonly [string, (x: Tensor) => Tensor, number[][]]>([
  ['the norm of zeros', norm, [[0, 0]]],
  ['the Frobenius norm of zeros', (x) => matrixNorm(x), [[0, 0]]],
  ['the standard deviation of equal numbers', (x) => std(x, { axis: -1 }), [[3, 3]]],
  ['the absolute value of the complex 0', complexAbs, [[0, 0]]],
])('%s has the gradient 0, of every order', async (_name, fn, values) => {
  expect(await gradient(fn, double(values))).toEqual([0, 0]);
  const again = (x: Tensor): Tensor => square(grad((y: Tensor) => sum(fn(y)))(x));
  expect(await gradient(again, double(values))).toEqual([0, 0]);
});

describe('the gradient of the determinant of a singular matrix', () => {
  const rankTwo = [
    [1, 2, 3],
    [4, 5, 6],
    [5, 7, 9],
  ];

  test('is that of the polynomial', async () => {
    // Cofactors by hand, row by row.
    const expected = [45 - 42, -(36 - 30), 28 - 25, -(18 - 21), 9 - 15, -(7 - 10), 12 - 15, -(6 - 12), 5 - 8];
    expectClose(await gradient(det, double(rankTwo)), expected, ROUNDINGS, 'rank 2');
  });

  test('is right with exchanged rows, for every matrix of a batch, and forwards', async () => {
    const singular = [
      [0, 2],
      [0, 3],
    ];
    const regular = [
      [0, 2],
      [3, 1],
    ];
    const expected = [3, 0, -2, 0, 1, -3, -2, 0];
    const batch = double([singular, regular]);
    expectClose(await gradient(det, batch), expected, ROUNDINGS, 'a batch');
    const { tangent } = jvp(det, batch, double([regular, singular]));
    expectClose(await tangent.data(), [-2 * 3, -3 * 2], ROUNDINGS, 'forwards');
  });

  test.each([2, 3, 5])('is 0 when two or more are missing of the rank of %i rows', async (n) => {
    const zeros = double(Array.from({ length: n }, () => Array<number>(n).fill(0)));
    const slopes = await gradient(det, zeros);
    expect(Math.max(...slopes.map(Math.abs))).toBeLessThan(ROUNDINGS);
  });

  test('is 1 for one element, and nothing for none', async () => {
    expect(await gradient(det, double([[0]]))).toEqual([1]);
    expect(await gradient(det, tensor(new Float64Array(0), { shape: [0, 0] }))).toEqual([]);
  });

  test('has no derivative again', async () => {
    const curvature = grad((a: Tensor) => sum(square(grad((b: Tensor) => det(b))(a))));
    await expect(curvature(double([[1, 1], [1, 1]])).data()).rejects.toEqual(code('ERR_SINGULAR')); // prettier-ignore
  });
});

describe('what does not fit into 16 bits on the way', () => {
  const half = (values: number[]): Tensor => cast(double(values), 'float16');

  test.each<readonly [string, (x: Tensor) => Tensor, number]>([
    ['mean', mean, 40000],
    ['norm', (x) => norm(mul(x, 0.5)), 40000],
    ['variance', (x) => variance(mul(x, 1 / 256)), 0],
    ['std', std, 0],
    ['logSumExp', (x) => logSumExp(x), 40000],
  ])('%s is right', async (_name, fn, expected) => {
    const result = fn(half([40000, 40000, 40000, 40000]));
    expect(result.dtype).toBe('float16');
    // The nearest float16: they are 32 apart there.
    expect(Math.abs((await result.item()) - expected)).toBeLessThanOrEqual(16);
  });

  test('the similarity of long and of zero vectors', async () => {
    const [long, none] = [half([40000, 0]), half([0, 0])];
    expect(await cosineSimilarity(long, long).item()).toBe(1);
    expect(await cosineSimilarity(long, none).item()).toBe(0);
  });
});
