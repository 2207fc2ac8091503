import { setTimeout as pause } from 'node:timers/promises';

import { FMA_PEAK, limits, TRIAD } from '../limits';
import { summaryOf } from '../statistics';
import { Contestant, type Tools } from './duel';
import { relativeError, type Fingerprint } from './fingerprint';
import type { Peer, Row } from './table';

/** Long enough for another library's spinning workers to have gone to sleep. */
const PAUSE = 35;
const TOLERANCE = 1e-4;

export interface PeerResult {
  readonly side: Peer['side'];
  readonly params: Peer['params'];
  readonly seconds: number;
  /** The first run, with what is compiled then. */
  readonly first_s: number;
  readonly peak_mb: number;
  /** Of our result to its own; undefined where they are not comparable. */
  readonly relative_error: number | undefined;
}

/** A row of peers.json. Times are medians, in seconds. */
export interface Comparison {
  readonly name: string;
  readonly params: Row['ours'];
  readonly ours_s: number;
  readonly ours_min_s: number;
  /** The fastest peer. */
  readonly peer_s: number;
  readonly peer: string;
  /** The fastest peer's time over ours. */
  readonly ratio: number;
  /** What the machine's limit alone would take; missing where nobody counts. */
  readonly limit_s: number | undefined;
  readonly of_limit: number | undefined;
  /** The largest among the peers. */
  readonly relative_error: number | undefined;
  readonly peak_mb: number;
  readonly target: Row['target'];
  readonly peers: readonly PeerResult[];
  /** Peers that could not compute it, with what they said. */
  readonly refused: readonly string[];
}

/** Who a peer is, in a few words. */
export const peerName = ({ side, params }: Pick<Peer, 'side' | 'params'>): string => {
  const { method, chunk, compile, job } = params;
  const words = [
    side === 'palimpsest' ? `own ${job}` : side,
    method,
    chunk === undefined ? undefined : `chunk ${chunk}`,
  ];
  return [...words, compile === true ? 'compiled' : undefined].filter((word) => word !== undefined).join(' ');
};

interface Timed {
  readonly contestant: Contestant;
  readonly peer: Peer | undefined;
  readonly times: number[];
  readonly reps: number;
}

/** Starts everyone, one after the other; who cannot compute is left out. */
async function assemble(
  row: Row,
  tools: Tools,
  quick: boolean,
): Promise<{ all: Timed[]; refused: string[] }> {
  const repsOf = (reps: number): number => (quick ? Math.min(3, reps) : reps);
  const ours = await Contestant.start('palimpsest', row.ours, tools);
  const all: Timed[] = [{ contestant: ours, peer: undefined, times: [], reps: repsOf(row.reps) }];
  const refused: string[] = [];
  for (const peer of row.peers) {
    if (peer.side === 'onednn' && tools.onednn === undefined) continue;
    try {
      const contestant = await Contestant.start(peer.side, peer.params, tools);
      all.push({ contestant, peer, times: [], reps: repsOf(peer.reps ?? row.reps) });
    } catch (error) {
      refused.push(
        `${peerName(peer)}: ${error instanceof Error ? error.message.slice(-300) : String(error)}`,
      );
    }
  }
  return { all, refused };
}

/** Runs a row: everyone in turns, and the machine's limits in every turn. */
export async function compare(row: Row, tools: Tools, { quick = false } = {}): Promise<Comparison> {
  const { all, refused } = await assemble(row, tools, quick);
  try {
    const yardsticks = await limits();
    const paces = new Map(yardsticks.map(({ name }) => [name, 0]));
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
        const pace = (1e3 * (flops + bytes)) / (performance.now() - start);
        paces.set(name, Math.max(paces.get(name) ?? 0, pace));
      }
    }
    return await judge(row, all, refused, paces);
  } finally {
    for (const { contestant } of all) await contestant[Symbol.asyncDispose]();
  }
}

async function judge(
  row: Row,
  [ours, ...others]: readonly Timed[],
  refused: readonly string[],
  paces: ReadonlyMap<string, number>,
): Promise<Comparison> {
  if (!ours) throw new Error(`${row.name}: nobody ran`);
  const mine = await ours.contestant.end();
  const summary = summaryOf(ours.times);
  const peers: PeerResult[] = [];
  for (const { contestant, peer, times } of others) {
    if (!peer) continue;
    const { peak_mb, fingerprint } = await contestant.end();
    peers.push({
      side: peer.side,
      params: peer.params,
      seconds: summaryOf(times).median,
      first_s: contestant.first,
      peak_mb,
      relative_error: peer.unchecked ? undefined : checked(row, peer, mine.fingerprint, fingerprint),
    });
  }
  const fastest = peers.reduce<PeerResult | undefined>(
    (best, peer) => (best && best.seconds <= peer.seconds ? best : peer),
    undefined,
  );
  const bounds = [
    (row.flops ?? 0) / (paces.get(FMA_PEAK) ?? NaN),
    (row.bytes ?? 0) / (paces.get(TRIAD) ?? NaN),
  ];
  const limit_s = row.flops === undefined && row.bytes === undefined ? undefined : Math.max(...bounds);
  const errors = peers.flatMap(({ relative_error }) =>
    relative_error === undefined ? [] : [relative_error],
  );
  return {
    name: row.name,
    params: row.ours,
    ours_s: summary.median,
    ours_min_s: summary.fastest,
    peer_s: fastest?.seconds ?? NaN,
    peer: fastest ? peerName(fastest) : 'none',
    ratio: fastest ? fastest.seconds / summary.median : NaN,
    limit_s,
    of_limit: limit_s === undefined ? undefined : limit_s / summary.median,
    relative_error: errors.length === 0 ? undefined : Math.max(...errors),
    peak_mb: mine.peak_mb,
    target: row.target,
    peers,
    refused,
  };
}

/** @throws Error when two programs that should compute the same do not: their times say nothing then. */
function checked(row: Row, peer: Peer, ours: readonly Fingerprint[], theirs: readonly Fingerprint[]): number {
  const error = relativeError(ours, theirs);
  const tolerance = row.tolerance ?? TOLERANCE;
  if (error <= tolerance) return error;
  throw new Error(
    `${row.name}: our result is ${error} away from that of ${peerName(peer)}, more than ${tolerance}`,
  );
}
