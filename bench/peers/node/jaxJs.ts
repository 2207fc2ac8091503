import type { Params } from '../contest';
import { jobOf, load, mlpOf, operandsOf, type Contest } from './library';

// jax-js counts references: whoever is handed an array owns it, `.ref` is one owner more.

async function ready(): Promise<any> {
  const jax = await load('@jax-js/jax');
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  return jax;
}

const numbersOf = async (value: unknown): Promise<readonly Float32Array[]> => {
  const arrays: Float32Array[] = [];
  for (const array of value as readonly any[]) arrays.push((await array.ref.data()) as Float32Array);
  return arrays;
};

const free = (value: unknown): void => {
  for (const array of value as readonly any[]) array.dispose();
};

async function product(params: Params): Promise<Contest> {
  const jax = await ready();
  const { a, b } = operandsOf(params);
  const [left, right] = [a, b].map(({ numbers, shape }) => jax.numpy.array(numbers).reshape([...shape]));
  return { run: () => jax.blockUntilReady([jax.numpy.matmul(left.ref, right.ref)]), result: numbersOf, free };
}

async function gradient(params: Params): Promise<Contest> {
  const jax = await ready();
  const { numpy: np, nn } = jax;
  const { layers, images, labels } = mlpOf(params);
  const x = np.array(images.numbers).reshape([...images.shape]);
  const wanted = nn.oneHot(np.array(labels, { dtype: np.int32 }), 10);
  const weights = layers.flatMap(({ weight, out }) => [
    np.array(weight.numbers).reshape([...weight.shape]),
    np.zeros([out]),
  ]);
  const loss = (theta: any[], batch: any, targets: any): unknown => {
    let h = batch;
    for (let i = 0; i < layers.length; i++) {
      h = np.matmul(i > 0 ? nn.relu(h) : h, np.transpose(theta[2 * i])).add(theta[2 * i + 1]);
    }
    return nn
      .logSoftmax(h)
      .mul(targets)
      .sum()
      .mul(-1 / images.shape[0]);
  };
  const slope = jax.jit(jax.grad(loss));
  const run = (): Promise<unknown> =>
    jax.blockUntilReady(
      slope(
        weights.map((array: any) => array.ref),
        x.ref,
        wanted.ref,
      ),
    );
  return { run, result: numbersOf, free };
}

export const jaxJs = jobOf('@jax-js/jax', { matmul: product, gradient });
