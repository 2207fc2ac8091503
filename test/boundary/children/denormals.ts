// Denormal numbers in this thread's engine and in those of worker threads. Flushing them to zero is a setting of every thread
// by itself, which any library may change.
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { denormalReport, type DenormalReport } from './denormalTask';

export type DenormalsReport = Readonly<Record<string, DenormalReport>>;

const THREADS = [1, 4];

const inWorker = (threads: number): Promise<DenormalReport> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(join(__dirname, 'denormals.ts'), { workerData: threads });
    worker.once('message', resolve);
    worker.once('error', reject);
  });

async function main(): Promise<void> {
  const report: Record<string, DenormalReport> = {};
  for (const threads of THREADS) {
    report[`the main thread, ${threads} threads`] = await denormalReport(threads);
    report[`a worker, ${threads} threads`] = await inWorker(threads);
  }
  // At once, on the helpers they share.
  const both = await Promise.all(THREADS.map(inWorker));
  both.forEach((answer, i) => (report[`two workers at once, ${THREADS[i]} threads`] = answer));
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

if (isMainThread) void main();
else void denormalReport(workerData as number).then((report) => parentPort?.postMessage(report));
