import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

import { tensorsOf } from '../../lib/graph/tree';
import { evaluate } from '../../lib/graph/evaluate';
import { setThreads } from '../../lib/native';
import type { Contest, Params } from './contest';
import { fingerprintOf } from './fingerprint';
import { contests } from './ours';

// One way of computing something, in a process of its own: contestant.ts '{"job": "gradient", "model": "mlp", ...}'.
// Speaks in JSON lines as pytorch/contestant.py does.

const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

async function timed(contest: Contest): Promise<{ seconds: number; value: unknown }> {
  await contest.setup?.();
  const start = performance.now();
  const value = await contest.run();
  return { seconds: (performance.now() - start) / 1e3, value };
}

const free = (value: unknown): void => {
  for (const tensor of tensorsOf(value)) tensor.dispose();
};

async function main(): Promise<void> {
  const params = JSON.parse(process.argv[2] ?? '{}') as Params;
  setThreads(params.threads ?? 2);
  const prepare = contests[params.job];
  if (!prepare) throw new Error(`no job '${params.job}'; there are ${Object.keys(contests).join(', ')}`);
  const contest = await prepare(params);
  let last = await timed(contest);
  const first = last.seconds;
  for (let i = 1; i < (contest.warmup ?? 1); i++) {
    free(last.value);
    last = await timed(contest);
  }
  say({ ready: true, first_s: first });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === 'end') break;
    free(last.value);
    last = await timed(contest);
    say({ seconds: last.seconds });
  }
  const peak = process.resourceUsage().maxRSS / 1024;
  const result = contest.result?.(last.value) ?? tensorsOf(last.value);
  await evaluate(result);
  say({ peak_mb: peak, fingerprint: await fingerprintOf(result) });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
