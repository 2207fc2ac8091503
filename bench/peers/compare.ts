import { setTimeout as pause } from 'node:timers/promises';

import { limits } from '../limits';
import type { Params } from './contest';
import { Contestant, type Farewell, type Tools } from './duel';
import { relativeError } from './fingerprint';
import { judge, type Comparison } from './judge';
import { peerName, type Peer, type Row } from './row';

/** Long enough for another library's spinning workers to have gone to sleep. */
const PAUSE = 35;
export const TOLERANCE = 1e-4;
const QUICK_REPS = 3;

export interface Effort {
  /** Three turns each at most. */
  readonly quick?: boolean;
  /** Turns each at least, but for peers that are known to take long. */
  readonly rounds?: number;
}

interface Timed {
  readonly contestant: Contestant;
  readonly peer: Peer | undefined;
  readonly times: number[];
  readonly reps: number;
}

const textOf = (error: unknown): string =>
  error instanceof Error ? error.message.slice(-300) : String(error);

/** Starts everyone, one after the other; who cannot compute is left out, and it is said why. */
async function assemble(row: Row, tools: Tools, { quick = false, rounds = 0 }: Effort) {
  const repsOf = (peer?: Peer): number => {
    const reps = peer?.reps ?? Math.max(row.reps, rounds);
    return quick ? Math.min(QUICK_REPS, reps) : reps;
  };
  const refused: string[] = [];
  const ours = await Contestant.start('palimpsest', row.ours, tools);
  const all: Timed[] = [{ contestant: ours, peer: undefined, times: [], reps: repsOf() }];
  for (const peer of row.peers) {
    if (peer.side === 'onednn' && tools.onednn === undefined) {
      refused.push('onednn: libdnnl-dev and g++ expected');
      continue;
    }
    try {
      const contestant = await Contestant.start(peer.side, peer.params, tools);
      all.push({ contestant, peer, times: [], reps: repsOf(peer) });
    } catch (error) {
      refused.push(`${peerName(peer)}: ${textOf(error)}`);
    }
  }
  return { all, refused };
}

/** Everyone in turns, and the machine's limits in every turn: what each reached, in operations or bytes a second. */
async function inTurns(all: readonly Timed[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const yardsticks = await limits();
  const paces = new Map<string, number[]>(yardsticks.map(({ name }) => [name, []]));
  const rounds = Math.max(...all.map(({ reps }) => reps));
  for (let round = 0; round < rounds; round++) {
    for (const { contestant, times, reps } of all) {
      if (times.length >= reps) continue;
      await pause(PAUSE);
      times.push(await contestant.run());
    }
    await pause(PAUSE);
    for (const { name, run, flops = 0, bytes = 0 } of yardsticks) {
      const start = performance.now();
      await run();
      paces.get(name)?.push((1e3 * (flops + bytes)) / (performance.now() - start));
    }
  }
  return paces;
}

/** Runs a row. @throws Error when two programs that should compute the same do not: their times say nothing then. */
export async function compare(row: Row, tools: Tools, effort: Effort = {}): Promise<Comparison> {
  const { all, refused } = await assemble(row, tools, effort);
  try {
    const paces = await inTurns(all);
    const [ours, ...others] = all;
    if (!ours) throw new Error(`${row.name}: nobody ran`);
    const mine = await ours.contestant.end();
    const peers = [];
    for (const { contestant, peer, times } of others) {
      if (!peer) continue;
      const farewell = await contestant.end();
      const error = peer.unchecked ? undefined : checked(row, peer, mine, farewell, row.tolerance);
      peers.push({ peer, times, first: contestant.first, peak: farewell.peak_mb, error });
    }
    if (row.strictAt) await checkSmall(row, tools);
    return judge(row, { times: ours.times, ...mine }, peers, refused, paces);
  } finally {
    for (const { contestant } of all) await contestant[Symbol.asyncDispose]();
  }
}

/** Everyone at other sizes, where results can be asked to agree. */
async function checkSmall(row: Row, tools: Tools): Promise<void> {
  const small = async (side: Peer['side'], params: Params): Promise<Farewell> => {
    await using contestant = await Contestant.start(side, { ...params, ...row.strictAt }, tools);
    return await contestant.end();
  };
  const mine = await small('palimpsest', row.ours);
  for (const peer of row.peers) {
    // What a compiler makes of it at other sizes is another program.
    if (peer.unchecked || peer.params.compile === true) continue;
    checked(row, peer, mine, await small(peer.side, peer.params), TOLERANCE);
  }
}

function checked(row: Row, peer: Peer, ours: Farewell, theirs: Farewell, tolerance = TOLERANCE): number {
  const error = relativeError(ours.fingerprint, theirs.fingerprint);
  if (error <= tolerance) return error;
  throw new Error(
    `${row.name}: our result is ${error} away from that of ${peerName(peer)}, more than ${tolerance}`,
  );
}
