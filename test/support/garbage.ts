import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memory, type MemoryCounters } from '../../lib/native';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The counters of memory once the collector has finished with what earlier tests dropped. */
export async function memoryAtRest(): Promise<MemoryCounters> {
  for (let round = 0; round < 3; round++) {
    collect();
    // Finalizers run between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return memory();
}
