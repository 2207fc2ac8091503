import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { DTYPES } from '../../lib/graph/dtype';
import { fromExchange, toExchange, type Exchangeable } from '../../lib/io/exchange';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { code } from '../support/errors';
import { tensorOf } from '../support/tensors';

test.each(DTYPES)('takes %s there and back', async (dtype) => {
  const x = tensorOf([1, 0, 1, 1], [2, 2], dtype);
  const plain = await toExchange(x);
  expect(plain).toMatchObject({ dtype, shape: [2, 2] });
  const back = fromExchange(plain);
  expect({ dtype: back.dtype, shape: back.shape }).toEqual({ dtype, shape: [2, 2] });
  expect(await back.stored()).toEqual(await x.stored());
});

test('gives what is computed', async () => {
  expect(await toExchange(mul(tensor([1, 2]), 2))).toEqual({
    dtype: 'float32',
    shape: [2],
    data: Float32Array.of(2, 4),
  });
});

test.each<[string, Exchangeable, string, number[], readonly (number | bigint)[]]>([
  [
    'onnxruntime',
    { type: 'int64', dims: [2], data: BigInt64Array.of(5n, -1n), location: 'cpu' },
    'int64',
    [2],
    [5n, -1n],
  ],
  ['onnxruntime', { type: 'float16', dims: [1], data: Uint16Array.of(0x3c00) }, 'float16', [1], [1]],
  ['onnxruntime', { type: 'bool', dims: [1, 2], data: Uint8Array.of(1, 0) }, 'bool', [1, 2], [1, 0]],
  [
    'TensorFlow.js',
    { dtype: 'int32', shape: [2, 1], dataSync: () => Int32Array.of(3, 4) },
    'int32',
    [2, 1],
    [3, 4],
  ],
  ['arrays', { dtype: 'float64', shape: [], data: Float64Array.of(0.5) }, 'float64', [], [0.5]],
])('reads a tensor of %s', async (_whose, source, dtype, shape, values) => {
  const x = fromExchange(source);
  expect({ dtype: x.dtype, shape: x.shape }).toEqual({ dtype, shape });
  expect(Array.from<number | bigint>(await x.data())).toEqual(values);
});

test('copies unless told to borrow', async () => {
  const data = Float32Array.of(1, 2);
  const source = { dtype: 'float32', shape: [2], data };
  const [copied, borrowed] = [fromExchange(source), fromExchange(source, { copy: false })];
  data[0] = 7;
  expect([...(await copied.data())]).toEqual([1, 2]);
  expect([...(await borrowed.data())]).toEqual([7, 2]);
});

test.each<[string, unknown, Parameters<typeof code>[0]]>([
  ['a dtype without a tensor', { type: 'uint64', dims: [1], data: new BigUint64Array(1) }, 'ERR_DTYPE'],
  ['texts', { type: 'string', dims: [1], data: ['a'] }, 'ERR_DTYPE'],
  ['another dtype than the data have', { dtype: 'int32', shape: [1], data: Float32Array.of(1) }, 'ERR_DTYPE'],
  [
    'data that do not fill the shape',
    { dtype: 'float32', shape: [3], data: Float32Array.of(1) },
    'ERR_SHAPE',
  ],
  ['a shape that is none', { dtype: 'float32', shape: [-1], data: Float32Array.of(1) }, 'ERR_SHAPE'],
  ['data on another device', { type: 'float32', dims: [1], location: 'gpu-buffer' }, 'ERR_ARGUMENT'],
  ['something else', { values: [1] }, 'ERR_ARGUMENT'],
  ['nothing', null, 'ERR_ARGUMENT'],
])('refuses %s', (_what, source, wanted) => {
  expect(() => fromExchange(source as Exchangeable)).toThrow(code(wanted));
});
