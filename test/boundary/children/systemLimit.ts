// Runs out of the memory that the system gives, not of our own limit, and goes on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { evaluate } from '../../../lib/graph/evaluate';
import { ones, zeros } from '../../../lib/ops/elementwise/arithmetic';
import { sum } from '../../../lib/ops/reduce/sum';
import { memoryAtRest } from '../../support/garbage';
import { codeOf } from './addon';

export interface SystemLimitReport {
  readonly codes: readonly string[];
  readonly sumAfterwards: number;
  readonly liveBytes: number;
}

const ROOM_BYTES = 400 << 20;
const TOO_MUCH = 1 << 28;

const sumOfOnes = (): Promise<number> => sum(ones([1 << 20])).item();

async function main(): Promise<void> {
  await sumOfOnes(); // the helpers' stacks are there before the limit is
  const used = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const limit = Number(used![1]) * 1024 + ROOM_BYTES;
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${limit}`]);
  const codes: string[] = [];
  for (let round = 0; round < 20; round++) {
    await evaluate(zeros([TOO_MUCH])).catch((error: unknown) => codes.push(codeOf(error) ?? String(error)));
  }
  const report: SystemLimitReport = {
    codes,
    sumAfterwards: await sumOfOnes(),
    liveBytes: (await memoryAtRest()).liveBytes,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

void main();
