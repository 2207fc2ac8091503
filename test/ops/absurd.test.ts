import { evaluate } from '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { inverseSqrtSpd, sqrtSpd } from '../../lib/linalg';
import { abs, conv1d, conv2d, fftfreq, floorDiv, fmod, instanceNorm, maxPool2d } from '../../lib/ops';
import { remainder, rfftfreq, sign, square, vdot, zeros } from '../../lib/ops';
import { clipByGlobalNorm, clipByNorm, clipByValue } from '../../lib/optim/clipping';
import { key, splitKey } from '../../lib/random';
import { code } from '../support/errors';

const no = (value: unknown): never => value as never;

describe('counts near 10^12', () => {
  test('of frequencies are shapes, and memory only where they are computed', async () => {
    for (const frequencies of [fftfreq, rfftfreq]) {
      await expect(frequencies(1e13).data()).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(OUT_OF_MEMORY|SIZE)$/),
      });
    }
  });

  test('of keys are refused', () => {
    expect(() => splitKey(key(1), 1e12)).toThrow('splitKey: at most 1048576 keys at a time');
    expect(() => splitKey(key(1), 2 ** 32)).toThrow(code('ERR_SHAPE'));
  });
});

test('what holds no tensors is not clipped, nor measured', async () => {
  for (const nothing of [undefined, null, 3, 'w']) {
    expect(() => clipByGlobalNorm(no(nothing), 1)).toThrow(code('ERR_ARGUMENT'));
    expect(() => clipByNorm(no(nothing), 1)).toThrow(code('ERR_ARGUMENT'));
    expect(() => clipByValue(no(nothing), 1)).toThrow(code('ERR_ARGUMENT'));
    await expect(evaluate(nothing, { profile: true })).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  }
  expect((await evaluate({}, { profile: true })).profile.totalNs).toBe(0);
});

test('a padding that is null is no padding of 0', () => {
  const [image, weight] = [zeros([1, 2, 4, 4]), zeros([2, 2, 3, 3])];
  const options = { padding: no(null) };
  expect(() => conv2d(image, weight, options)).toThrow('conv2d: padding must be');
  expect(() => maxPool2d(image, { kernel: 2, ...options })).toThrow('maxPool2d: padding must be');
  expect(() => conv1d(zeros([1, 2, 4]), zeros([2, 2, 3]), options)).toThrow('conv1d: padding must be');
});

test('messages name what was called', () => {
  expect(() => instanceNorm(tensor([1, 2]), tensor([1]), tensor([1]))).toThrow('instanceNorm: [N, C, ...]');
  expect(() => vdot(zeros([2]), zeros([2], 'int32'))).toThrow('vdot: ');
  expect(() => sqrtSpd(zeros([2, 3]))).toThrow('sqrtSpd: square matrices');
  expect(() => inverseSqrtSpd(zeros([2, 3]))).toThrow('inverseSqrtSpd: square matrices');
});

test('bytes have magnitudes, squares, whole quotients and rests; by zero these are 0', async () => {
  const a = tensor(Uint8Array.of(0, 1, 7, 200, 255, 9));
  const b = tensor(Uint8Array.of(3, 1, 2, 7, 255, 0));
  const values = async (x: typeof a): Promise<number[]> => {
    expect(x.dtype).toBe('uint8');
    return [...(await x.data<'uint8'>())];
  };
  expect(await values(abs(a))).toEqual([0, 1, 7, 200, 255, 9]);
  expect(await values(sign(a))).toEqual([0, 1, 1, 1, 1, 1]);
  expect(await values(square(a))).toEqual([0, 1, 49, 40000 % 256, 65025 % 256, 81]);
  expect(await values(floorDiv(a, b))).toEqual([0, 1, 3, 28, 1, 0]);
  expect(await values(remainder(a, b))).toEqual([0, 0, 1, 4, 0, 0]);
  expect(await values(fmod(a, b))).toEqual([0, 0, 1, 4, 0, 0]);
});
