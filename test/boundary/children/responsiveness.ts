// Measures how long the event loop and a call of the file system have to wait while long tasks run.
import { stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { setThreads } from '../../../lib/native';
import { longTask } from './workerTask';

export interface ResponsivenessReport {
  /** Beyond the interval at which the delay is sampled. */
  readonly p99DelayMs: number;
  readonly samples: number;
  readonly statMs: readonly number[];
}

const SAMPLE_INTERVAL_MS = 5;
const DURATION_MS = Number(process.argv[2]);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function main(): Promise<void> {
  setThreads(2);
  // Their graphs are built, and lowered, before anything is measured.
  const stopping = new AbortController();
  const tasks = Array.from({ length: 4 }, () => longTask(stopping.signal).catch(String));
  await pause(50);
  const delays = monitorEventLoopDelay({ resolution: SAMPLE_INTERVAL_MS });
  delays.enable();
  const statMs: number[] = [];
  const end = performance.now() + DURATION_MS;
  while (performance.now() < end) {
    const start = performance.now();
    await stat(__filename);
    statMs.push(performance.now() - start);
    await pause(20);
  }
  delays.disable();
  stopping.abort();
  await Promise.all(tasks);
  const report: ResponsivenessReport = {
    p99DelayMs: delays.percentile(99) / 1e6 - SAMPLE_INTERVAL_MS,
    samples: delays.count,
    statMs,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

void main();
