// Ends in one of several ways while a long task runs, or, with `idle`, when none does: exit HOW [idle].
import { writeSync } from 'node:fs';

import { evaluate } from '../../../lib/graph/evaluate';
import { setThreads } from '../../../lib/native';
import { key, normal } from '../../../lib/random';
import { longTask } from './workerTask';

/** Says when it is about to end. */
const sayWhen = (): void => void writeSync(1, `${Date.now()}\n`);

const ENDS: Readonly<Record<string, () => void>> = {
  'process.exit(3)': () => {
    sayWhen();
    process.exit(3);
  },
  'an unhandled rejection': () => {
    sayWhen();
    void Promise.reject(new Error('nobody handles this'));
  },
  'an uncaught exception': () => {
    sayWhen();
    throw new Error('nobody catches this');
  },
  // The parent sends it when it reads the line.
  SIGINT: sayWhen,
  SIGTERM: sayWhen,
};

async function main(): Promise<void> {
  const [how = '', idle] = process.argv.slice(2);
  setThreads(2);
  await evaluate(normal(key(1), [10]));
  const task = idle === 'idle' ? new Promise((resolve) => setTimeout(resolve, 60_000)) : longTask();
  setTimeout(ENDS[how]!, 30);
  await task;
}

void main();
