import { PATIENCE_MS, runChild, type Ended } from '../support/child';
import { limitMs } from '../support/load';
import { announce } from '../support/numbers';

jest.setTimeout(PATIENCE_MS);

/** R14: beyond what Node itself takes. */
const LONGEST_DELAY_MS = 200;
/** The task takes both cores until the very end, and the other tests want them too: longer by what they slow this one. */
const OTHERS_TIME_SLICES_MS = 200;
const ROUNDS = 3;

interface Expected {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** As Node documents them. */
const ENDS: Readonly<Record<string, Expected>> = {
  'process.exit(3)': { status: 3, signal: null },
  'an unhandled rejection': { status: 1, signal: null },
  'an uncaught exception': { status: 1, signal: null },
  SIGINT: { status: null, signal: 'SIGINT' },
  SIGTERM: { status: null, signal: 'SIGTERM' },
};

async function end(how: string, signal: NodeJS.Signals | null, ...more: string[]): Promise<Ended> {
  return runChild('exit', {
    args: [how, ...more],
    onFirstLine: (pid) => {
      if (signal) process.kill(pid, signal);
    },
  });
}

/** Milliseconds from when the child said that it was about to end. */
const delayOf = ({ endedAt, stdout }: Ended): number => endedAt - Number(stdout.trim());

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

describe('R14: a process ends at once while a task runs', () => {
  test.each(Object.entries(ENDS))('by %s', async (how, expected) => {
    const limit = limitMs(LONGEST_DELAY_MS + OTHERS_TIME_SLICES_MS);
    const busy: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const ended = await end(how, expected.signal);
      expect(ended).toMatchObject(expected);
      busy.push(delayOf(ended));
    }
    const idle = delayOf(await end(how, expected.signal, 'idle'));
    announce('R14', `${how}: ${median(busy)} ms, ${idle} ms without a task`);
    expect(median(busy) - idle).toBeLessThanOrEqual(limit());
  });
});
