import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

import { tensorsOf } from '../../lib/graph/tree';
import { evaluate } from '../../lib/graph/evaluate';
import { setThreads } from '../../lib/native';
import type { Contest, Params } from './contest';
import { fingerprintOf } from './fingerprint';
import { contests } from './ours';
import { peakMegabytes } from './peak';
import { say, turn, type Timed, type Turns } from './turns';

// One way of computing something, in a process of its own: contestant.ts '{"job": "gradient", "model": "mlp", ...}'.
// Speaks in JSON lines as pytorch/contestant.py does.

async function timed(contest: Contest): Promise<Timed> {
  await contest.setup?.();
  const start = performance.now();
  const value = await contest.run();
  const seconds = contest.seconds?.(value) ?? (performance.now() - start) / 1e3;
  return { seconds: seconds / (contest.per ?? 1), value };
}

const free = ({ value }: Timed): void => {
  for (const tensor of tensorsOf(value)) tensor.dispose();
};

async function main(): Promise<void> {
  const params = JSON.parse(process.argv[2] ?? '{}') as Params;
  setThreads(params.threads ?? 2);
  const prepare = contests[params.job];
  if (!prepare) throw new Error(`no job '${params.job}'; there are ${Object.keys(contests).join(', ')}`);
  const base = process.memoryUsage.rss() / 2 ** 20;
  const contest = await prepare(params);
  const turns: Turns = { timed: () => timed(contest), free, single: params.single === true };
  let last = await turns.timed();
  const first = last.seconds;
  for (let i = 1; i < (contest.warmup ?? 1); i++) {
    free(last);
    last = await turns.timed();
  }
  say({ ready: true, first_s: first });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === 'end') break;
    last = await turn(turns, last);
    say({ seconds: last.seconds });
  }
  const peak = peakMegabytes();
  const result = contest.result?.(last.value) ?? tensorsOf(last.value);
  await evaluate(result);
  say({
    peak_mb: peak,
    ...(contest.allowance === undefined ? {} : { allowed_mb: base + contest.allowance / 2 ** 20 }),
    ...(contest.counts ? { counts: contest.counts() } : {}),
    fingerprint: await fingerprintOf(result),
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
