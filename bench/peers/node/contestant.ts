import { createInterface } from 'node:readline';

import type { Params } from '../contest';
import { fingerprintOfNumbers } from '../fingerprint';
import { peakMegabytes } from '../peak';
import { say, turn, type Timed, type Turns } from '../turns';
import { jaxJs } from './jaxJs';
import type { Contest, Library } from './library';
import { onnxruntime } from './onnxruntime';
import { tfjs } from './tfjs';

// A library for Node in a process of its own. Speaks in JSON lines as ../contestant.ts does.

const LIBRARIES: Readonly<Record<string, Library>> = {
  '@jax-js/jax': jaxJs,
  '@tensorflow/tfjs': tfjs,
  'onnxruntime-node': onnxruntime,
};

async function timed(contest: Contest): Promise<Timed> {
  const start = performance.now();
  const value = await contest.run();
  return { seconds: (performance.now() - start) / 1e3, value };
}

async function main(): Promise<void> {
  const params = JSON.parse(process.argv[2] ?? '{}') as Params;
  const prepare = LIBRARIES[String(params.library)];
  if (!prepare)
    throw new Error(`no library '${String(params.library)}'; there are ${Object.keys(LIBRARIES).join(', ')}`);
  const contest = await prepare(params);
  const turns: Turns = { timed: () => timed(contest), free: ({ value }) => contest.free(value) };
  let last = await turns.timed();
  say({ ready: true, first_s: last.seconds });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === 'end') break;
    last = await turn(turns, last);
    say({ seconds: last.seconds });
  }
  const peak = peakMegabytes();
  say({ peak_mb: peak, fingerprint: (await contest.result(last.value)).map(fingerprintOfNumbers) });
  // Workers of a library may go on for ever.
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
