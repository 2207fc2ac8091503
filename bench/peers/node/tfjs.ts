import type { Params } from '../contest';
import { jobOf, load, mlpOf, operandsOf, type Contest } from './library';

/** TensorFlow.js on its WebAssembly backend, with as many threads as it is willing to start. */
async function ready({ threads = 2 }: Params): Promise<any> {
  const tf = await load('@tensorflow/tfjs');
  const wasm = await load('@tensorflow/tfjs-backend-wasm');
  wasm.setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  return tf;
}

const numbersOf = async (value: unknown): Promise<readonly Float32Array[]> => {
  const arrays: Float32Array[] = [];
  for (const tensor of value as readonly any[]) arrays.push((await tensor.data()) as Float32Array);
  return arrays;
};

const free = (value: unknown): void => {
  for (const tensor of value as readonly any[]) tensor.dispose();
};

async function product(params: Params): Promise<Contest> {
  const tf = await ready(params);
  const { a, b } = operandsOf(params);
  const [left, right] = [a, b].map(({ numbers, shape }) => tf.tensor2d(numbers, shape));
  return { run: () => Promise.resolve([tf.matMul(left, right)]), result: numbersOf, free };
}

async function gradient(params: Params): Promise<Contest> {
  const tf = await ready(params);
  const { layers, images, labels } = mlpOf(params);
  const x = tf.tensor2d(images.numbers, images.shape);
  const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), 10).toFloat();
  const weights = layers.flatMap(({ weight, out }) => [
    tf.tensor2d(weight.numbers, weight.shape),
    tf.zeros([out]),
  ]);
  const loss = (...theta: any[]): unknown => {
    let h = x;
    for (let i = 0; i < layers.length; i++) {
      h = tf.add(tf.matMul(i > 0 ? tf.relu(h) : h, theta[2 * i], false, true), theta[2 * i + 1]);
    }
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(h), wanted), 1)));
  };
  const slope = tf.grads(loss);
  return { run: () => Promise.resolve(tf.tidy(() => slope(weights))), result: numbersOf, free };
}

export const tfjs = jobOf('@tensorflow/tfjs', { matmul: product, gradient });
