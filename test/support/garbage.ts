import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memory, type MemoryCounters } from '../../lib/native';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MOST_ROUNDS = 20;
const QUIET_ROUNDS = 3;

/** The counters of memory once the collector has finished with what earlier tests dropped. */
export async function memoryAtRest(): Promise<MemoryCounters> {
  // What a stack frame or an error still holds goes in a later round: it is over when several change nothing.
  let counters = memory();
  for (let round = 0, quiet = 0; round < MOST_ROUNDS && quiet < QUIET_ROUNDS; round++) {
    collect();
    // Finalizers run between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    const next = memory();
    quiet = next.handles === counters.handles && next.liveBytes === counters.liveBytes ? quiet + 1 : 0;
    counters = next;
  }
  return counters;
}
