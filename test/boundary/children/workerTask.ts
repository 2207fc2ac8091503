// What the workers of workers.ts do. The task says what: a digest of a seeded computation, or one that takes long.
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { setThreads } from '../../../lib/native';
import { mul } from '../../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../../lib/ops/elementwise/math';
import { matmul } from '../../../lib/ops/products/matmul';
import { sum } from '../../../lib/ops/reduce/sum';
import { key, normal } from '../../../lib/random';
import { grad } from '../../../lib/transforms/grad';

const WIDTH = 160;

/** SHA-256 of the gradient of a small random network. */
export async function digestOf(seed: number, threads: number): Promise<string> {
  setThreads(threads);
  const [a, b] = [normal(key(seed), [WIDTH, WIDTH]), normal(key(seed + 1000), [WIDTH, WIDTH])];
  const loss = (w: Tensor): Tensor => sum(tanh(matmul(tanh(matmul(a, mul(w, 0.1))), w)));
  const gradient = grad(loss)(b);
  return createHash('sha256')
    .update(await gradient.data())
    .digest('hex');
}

/** Seconds of products, one after the other. */
export function longTask(signal?: AbortSignal): Promise<Tensor> {
  let x = normal(key(1), [768, 768]);
  const w = mul(normal(key(2), [768, 768]), 0.03);
  for (let layer = 0; layer < 500; layer++) x = tanh(matmul(x, w));
  return evaluate(x, { signal });
}

export type WorkerTask =
  { readonly kind: 'digest'; readonly seed: number; readonly threads: number } | { readonly kind: 'long' };

async function main(task: WorkerTask): Promise<void> {
  if (task.kind === 'digest') {
    parentPort?.postMessage(await digestOf(task.seed, task.threads));
    return;
  }
  setThreads(2);
  const running = longTask();
  parentPort?.postMessage('running');
  await running;
  parentPort?.postMessage('finished');
}

if (parentPort) void main(workerData as WorkerTask);
