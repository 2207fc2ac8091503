import '../../lib/graph/evaluate';
import { Worker } from 'node:worker_threads';

import { tensor } from '../../lib/graph/create';
import { DTYPES, type StoredArray } from '../../lib/graph/dtype';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import type { ErrorCode } from '../../lib/errors';
import { wrap } from '../../lib/graph/wrap';
import { memory, native } from '../../lib/native';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { code } from '../support/errors';
import { memoryAtRest } from '../support/garbage';
import { tensorOf } from '../support/tensors';

const shared = (values: readonly number[]): Float32Array => {
  const array = new Float32Array(new SharedArrayBuffer(4 * values.length));
  array.set(values);
  return array;
};
type Resizing = new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;

describe('wrap', () => {
  test.each<[string, StoredArray, object]>([
    ['floats', Float32Array.of(1, 2, 3, 4), {}],
    ['part of an array', new Float64Array(9).fill(7).subarray(3, 7), { shape: [2, 2] }],
    ['bytes as bools', Uint8Array.of(1, 0, 1, 1), { dtype: 'bool' }],
    ['bits', Uint16Array.of(0x3f80, 0x4000), { dtype: 'bfloat16' }],
    ['bigints', BigInt64Array.of(2n ** 60n, -1n), {}],
    ['shared memory', shared([1, 2]), {}],
    ['nothing', new Float32Array(0), { shape: [0, 3] }],
  ])('takes %s as they are', async (_what, values, options) => {
    const before = (await memoryAtRest()).liveBytes;
    const x = wrap(values, options);
    expect(memory().liveBytes).toBeLessThanOrEqual(before);
    expect(Array.from<number | bigint>(await x.stored())).toEqual(Array.from<number | bigint>(values));
    x.dispose();
  });

  test('sees what is written before it is used, and computes with it', async () => {
    const memoryOf = shared([1, 2, 3, 4]);
    const x = wrap(memoryOf, { shape: [2, 2] });
    memoryOf[3] = 10;
    expect([...(await mul(x, 2).data())]).toEqual([2, 4, 6, 20]);
    expect([...(await slice(x, { starts: [1] }).data())]).toEqual([3, 10]);
  });

  test('shares memory with another thread', async () => {
    const numbers = shared(Array<number>(1000).fill(1));
    const x = wrap(numbers);
    const worker = new Worker('const { workerData } = require("node:worker_threads"); workerData.fill(2);', {
      eval: true,
      workerData: numbers,
    });
    await new Promise((resolve) => worker.once('exit', resolve));
    expect(await sum(x).item()).toBe(2000);
  });

  test('keeps the memory for as long as something needs it', async () => {
    const y = ((): Tensor => {
      const x = wrap(new Float32Array(1 << 16).fill(3));
      const part = add(reshape(slice(x, { starts: [7] }), [-1]), 0);
      return part;
    })();
    await memoryAtRest();
    expect(await sum(y).item()).toBe(3 * ((1 << 16) - 7));
  });

  test.each<[string, () => unknown, ErrorCode]>([
    ['another dtype', () => wrap(Int32Array.of(1), { dtype: 'float32' }), 'ERR_DTYPE'],
    ['floats to be rounded', () => wrap(Float32Array.of(1), { dtype: 'float16' }), 'ERR_DTYPE'],
    ['bits of nothing', () => wrap(Uint16Array.of(1)), 'ERR_DTYPE'],
    ['a list', () => wrap([1, 2] as never), 'ERR_DTYPE'],
    ['an array of another kind', () => wrap(new Int8Array(4) as never), 'ERR_DTYPE'],
    ['2 as bool', () => wrap(Uint8Array.of(2), { dtype: 'bool' }), 'ERR_VALUE'],
    ['too few numbers', () => wrap(Float32Array.of(1), { shape: [2] }), 'ERR_SHAPE'],
    [
      'memory that can shrink',
      () => wrap(new Float32Array(new (ArrayBuffer as unknown as Resizing)(16, { maxByteLength: 32 }))),
      'ERR_BUFFER',
    ],
    [
      'memory that can grow',
      () => wrap(new Float32Array(new (SharedArrayBuffer as unknown as Resizing)(16, { maxByteLength: 32 }))),
      'ERR_BUFFER',
    ],
    [
      'memory that is gone',
      () => {
        const gone = Float32Array.of(1);
        structuredClone(null, { transfer: [gone.buffer] });
        return wrap(gone, { shape: [1] });
      },
      'ERR_SHAPE',
    ],
  ])('refuses %s', (_what, make, wanted) => {
    expect(make).toThrow(code(wanted));
  });

  test('is not left without its memory by a transfer', async () => {
    const numbers = Float32Array.of(1, 2);
    const x = wrap(numbers);
    try {
      structuredClone(null, { transfer: [numbers.buffer] });
    } catch {
      // Newer releases of Node refuse, older ones copy.
    }
    expect([...(await x.data())]).toEqual([1, 2]);
  });

  test('borrowed memory that went is an error at the next use', async () => {
    const numbers = Float32Array.of(1, 2);
    const handle = native.borrowBuffer(numbers);
    const part = native.viewBuffer(handle, 4, 4);
    structuredClone(null, { transfer: [numbers.buffer] });
    for (const lost of [handle, part]) {
      expect(() => native.readBuffer(lost, 0, new Float32Array(1))).toThrow(code('ERR_BUFFER'));
      await expect(native.copyBuffer(lost)).rejects.toMatchObject({ code: 'ERR_BUFFER' });
      expect(native.releaseBuffer(lost)).toBe(true);
    }
  });
});

describe('view', () => {
  test.each(DTYPES)('gives the elements of %s as they are stored', async (dtype) => {
    const x = tensorOf([1, 0, 1], [3], dtype);
    expect(await x.view()).toEqual(await x.stored());
    expect(await reshape(x, [3, 1]).view()).toEqual(await x.stored());
  });

  test('copies nothing, shares memory, and outlives the tensor', async () => {
    const x = tensor(new Float32Array(1 << 18).fill(2));
    const { liveBytes, handleBytes } = await memoryAtRest();
    const whole = await x.view();
    const part = await slice(x, { starts: [1000], stops: [1003] }).view();
    expect(memory()).toMatchObject({ liveBytes, handleBytes });
    whole[1001] = 5;
    expect([...part]).toEqual([2, 5, 2]);
    x.dispose();
    expect(memory()).toMatchObject({ liveBytes, handleBytes });
    expect(whole[1 << 17]).toBe(2);
  });

  test('lets go of the memory with the last array', async () => {
    const before = await memoryAtRest();
    await (async () => {
      const x = tensor(new Float32Array(1 << 18).fill(2));
      expect((await x.view())[3]).toBe(2);
      x.dispose();
    })();
    expect(await memoryAtRest()).toMatchObject({
      liveBytes: before.liveBytes,
      handleBytes: before.handleBytes,
    });
  });

  test('copies what is borrowed, and nothing of an empty tensor', async () => {
    const numbers = Float32Array.of(1, 2);
    const copy = await wrap(numbers).view();
    copy[0] = 9;
    expect(numbers[0]).toBe(1);
    expect(await tensor([], { shape: [0] }).view()).toEqual(new Float32Array(0));
  });
});

test('a large copy is made elsewhere and belongs to the caller', async () => {
  const x = await evaluate(mul(tensor(new Float32Array(5 << 20).fill(2)), 1.5));
  const data = await x.data();
  data.fill(0);
  expect((await x.view())[12345]).toBe(3);
  const controller = new AbortController();
  controller.abort();
  await expect(x.data({ signal: controller.signal })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
});
