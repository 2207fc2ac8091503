import { summaryOf } from '../statistics';

/** A turn is at least so long, in seconds: runs of less are repeated. */
const TURN = 0.03;

/** To whoever started this process: a line of JSON. */
export const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

export interface Timed {
  readonly seconds: number;
  readonly value: unknown;
}

/** How runs of a turn are made, and how what they leave is freed. */
export interface Turns {
  readonly timed: () => Promise<Timed>;
  readonly free: (run: Timed) => void;
  /** One run a turn, however short. */
  readonly single?: boolean;
}

/** Runs for the length of a turn: the last one's value, and the median of what they took. */
export async function turn({ timed, free, single = false }: Turns, before: Timed): Promise<Timed> {
  const times: number[] = [];
  const start = performance.now();
  let last = before;
  do {
    free(last);
    last = await timed();
    times.push(last.seconds);
  } while (!single && performance.now() - start < 1e3 * TURN);
  return { seconds: summaryOf(times).median, value: last.value };
}
