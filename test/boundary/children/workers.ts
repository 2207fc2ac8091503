// Starts worker threads that compute, and prints how they fared: workers MODE COUNT.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { sequence } from '../../support/sequence';
import type { WorkerTask } from './workerTask';

export interface WorkersReport {
  readonly workers: number;
  /** Workers whose result is that of the main thread, or that were terminated while they computed. */
  readonly good: number;
  readonly errors: readonly string[];
  /** Milliseconds that each termination took. */
  readonly terminationMs: readonly number[];
}

const AT_ONCE = 2;
/** Most terminations come while the task runs, the shortest delays while it is being sent. */
const LONGEST_DELAY_MS = 12;

const errors: string[] = [];
const terminationMs: number[] = [];

function started(task: WorkerTask): Worker {
  const worker = new Worker(join(__dirname, 'workerTask.ts'), { workerData: task });
  worker.on('error', (error) => errors.push(String(error)));
  return worker;
}

const ended = (worker: Worker): Promise<number> => new Promise((resolve) => worker.on('exit', resolve));
const message = (worker: Worker): Promise<unknown> =>
  new Promise((resolve) => {
    worker.once('message', resolve);
    worker.once('exit', () => resolve(undefined));
  });

/** The first half on one thread, the others on two: both must give what the main thread gives on one. */
async function digest(number: number): Promise<string> {
  const worker = started({ kind: 'digest', seed: number, threads: 1 + (number % 2) });
  const [answer] = await Promise.all([message(worker), ended(worker)]);
  return String(answer);
}

/** Compares with the engine of this thread, which works at the same time. */
async function finishing(number: number): Promise<boolean> {
  const { digestOf } = require('./workerTask') as typeof import('./workerTask');
  const [own, others] = await Promise.all([digestOf(number, 1), digest(number)]);
  return own === others;
}

/** This thread never loads the addon, so that Node unloads it with its last worker. */
async function alone(number: number): Promise<boolean> {
  return /^[0-9a-f]{64}$/.test(await digest(number));
}

async function terminated(number: number): Promise<boolean> {
  const worker = started({ kind: 'long' });
  const isRunning = (await message(worker)) === 'running';
  const delay = sequence(number)() * LONGEST_DELAY_MS;
  await new Promise((resolve) => setTimeout(resolve, delay));
  const start = performance.now();
  const status = await worker.terminate();
  terminationMs.push(performance.now() - start);
  return isRunning && status === 1;
}

const MODES: Readonly<Record<string, (number: number) => Promise<boolean>>> = {
  finishing,
  alone,
  terminated,
};

async function main(): Promise<void> {
  const [mode = '', count = '0'] = process.argv.slice(2);
  const numbers = Array.from({ length: Number(count) }, (_, i) => i);
  const results: boolean[] = [];
  const line = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      results.push(await MODES[mode]!(number));
    }
  };
  // One after the other, the last worker is often alone: then the addon is unloaded and loaded again.
  await Promise.all(Array.from({ length: mode === 'alone' ? 1 : AT_ONCE }, line));
  const report: WorkersReport = {
    workers: results.length,
    good: results.filter(Boolean).length,
    errors,
    terminationMs,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

void main();
