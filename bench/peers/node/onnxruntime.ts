import type { Params } from '../contest';
import { jobOf, load, operandsOf, type Contest } from './library';
import { productModel } from './onnx';

async function product(params: Params): Promise<Contest> {
  const { InferenceSession, Tensor } = await load('onnxruntime-node');
  const { a, b } = operandsOf(params);
  const model = productModel(a.shape[0], b.shape[1], a.shape[1]);
  const session = await InferenceSession.create(model, { intraOpNumThreads: params.threads ?? 2 });
  const feeds = {
    a: new Tensor('float32', a.numbers, a.shape),
    b: new Tensor('float32', b.numbers, b.shape),
  };
  return {
    run: () => session.run(feeds),
    result: (value) => Promise.resolve([(value as { c: { data: Float32Array } }).c.data]),
    free: (value) => (value as { c: { dispose?: () => void } }).c.dispose?.(),
  };
}

export const onnxruntime = jobOf('onnxruntime-node', { matmul: product });
