import { isSanitized } from './child';

/** Of processor time that one look at the machine uses. */
const LOOK_MS = 40;
/** On a machine busier than this a limit would say nothing any more. */
const MOST = 8;

/**
 * How much longer than by itself something takes on this machine now: the time that passes while this thread computes for a
 * while, over the processor time it got. 1 on an idle machine, 2 where each processor has two threads that want it.
 */
export function slowdown(): number {
  const before = process.cpuUsage();
  const start = performance.now();
  let used = 0;
  while (used < LOOK_MS) {
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1e3;
  }
  return Math.min(MOST, Math.max(1, (performance.now() - start) / used));
}

/**
 * A limit of time for what this process does meanwhile: as it stands on an idle machine, and longer by what the machine was
 * slower, at the begin or at the end, whichever is more. Under the sanitizers there is none.
 */
export function limitMs(idleMs: number): () => number {
  const before = slowdown();
  return () => (isSanitized ? Infinity : idleMs * Math.max(before, slowdown()));
}
