import { FMA_PEAK, TRIAD } from '../limits';
import { summaryOf } from '../statistics';
import type { Farewell } from './duel';
import { peerName, type Peer, type Point, type Row } from './row';

export interface PeerResult {
  readonly name: string;
  readonly side: Peer['side'];
  readonly params: Peer['params'];
  /** Medians, `scale` included. */
  readonly seconds: number;
  readonly min_s: number;
  readonly turns: number;
  /** The first run, with what is compiled then. */
  readonly first_s: number;
  readonly peak_mb: number;
  /** Of our result to its own; undefined where they are not comparable. */
  readonly relative_error: number | undefined;
  /** What its own time was multiplied by. */
  readonly scale: number;
}

/** A row of peers.json. Times are medians, in seconds. */
export interface Comparison {
  readonly name: string;
  readonly params: Row['ours'];
  readonly ours_s: number;
  readonly ours_min_s: number;
  readonly turns: number;
  /** The fastest peer; null where there is none. */
  readonly peer_s: number | null;
  readonly peer: string | null;
  /** The fastest peer's time over ours. */
  readonly ratio: number | null;
  /** What the machine's limit alone would take; null where nobody counts. */
  readonly limit_s: number | null;
  readonly limit_is: 'arithmetic' | 'traffic' | null;
  readonly of_limit: number | null;
  /** The largest among the peers; null where nobody computed the same. */
  readonly relative_error: number | null;
  readonly peak_mb: number;
  /** The least among PyTorch's programs. */
  readonly peer_peak_mb: number | null;
  readonly allowed_mb?: number | undefined;
  readonly counts?: Readonly<Record<string, number>> | undefined;
  readonly target: Row['target'];
  /** What does not hold, in words: empty where the target is reached. */
  readonly missed: readonly string[];
  readonly peers: readonly PeerResult[];
  /** Peers that could not compute it, with what they said. */
  readonly refused: readonly string[];
  /** The machine in the same turns: best and median, in 10^9 operations and bytes a second. */
  readonly machine: Readonly<Record<string, { readonly best: number; readonly median: number }>>;
  readonly point?: Point | undefined;
}

interface Ours extends Farewell {
  readonly times: readonly number[];
}

interface Other {
  readonly peer: Peer;
  readonly times: readonly number[];
  readonly first: number;
  readonly peak: number;
  readonly error: number | undefined;
}

type Paces = ReadonlyMap<string, readonly number[]>;

/** Times and what they must be: everything that peers.json says of a row. */
export function judge(
  row: Row,
  ours: Ours,
  others: readonly Other[],
  refused: readonly string[],
  paces: Paces,
): Comparison {
  const { median, fastest } = summaryOf(ours.times);
  const peers = others.map(resultOf);
  const best = least(peers, ({ seconds }) => seconds);
  const lightest = least(
    peers.filter(({ side }) => side === 'pytorch'),
    ({ peak_mb }) => peak_mb,
  );
  const errors = peers.flatMap(({ relative_error: error }) => (error === undefined ? [] : [error]));
  const limit = limitOf(row, paces);
  const found = {
    name: row.name,
    params: row.ours,
    ours_s: median,
    ours_min_s: fastest,
    turns: ours.times.length,
    peer_s: best?.seconds ?? null,
    peer: best?.name ?? null,
    ratio: best ? best.seconds / median : null,
    limit_s: limit?.seconds ?? null,
    limit_is: limit?.kind ?? null,
    of_limit: limit ? limit.seconds / median : null,
    relative_error: errors.length === 0 ? null : Math.max(...errors),
    peak_mb: ours.peak_mb,
    peer_peak_mb: lightest?.peak_mb ?? null,
    allowed_mb: ours.allowed_mb,
    counts: ours.counts,
    target: row.target,
    peers,
    refused,
    machine: Object.fromEntries(
      [...paces].map(([name, all]) => [
        name,
        { best: 1e-9 * bestOf(all), median: 1e-9 * summaryOf(all).median },
      ]),
    ),
    point: row.point,
  };
  return { ...found, missed: missedBy(found) };
}

function resultOf({ peer, times, first, peak, error }: Other): PeerResult {
  const { median, fastest, samples } = summaryOf(times);
  const { side, params, scale = 1 } = peer;
  return {
    name: peerName(peer),
    side,
    params,
    seconds: scale * median,
    min_s: scale * fastest,
    turns: samples,
    first_s: first,
    peak_mb: peak,
    relative_error: error,
    scale,
  };
}

const bestOf = (paces: readonly number[] = []): number => Math.max(...paces);

/** The machine's best is its limit: its median is as disturbed as what is measured by it. */
function limitOf(
  { flops, bytes }: Row,
  paces: Paces,
): { readonly seconds: number; readonly kind: 'arithmetic' | 'traffic' } | undefined {
  if (flops === undefined && bytes === undefined) return undefined;
  const arithmetic = (flops ?? 0) / bestOf(paces.get(FMA_PEAK));
  const traffic = (bytes ?? 0) / bestOf(paces.get(TRIAD));
  return { seconds: Math.max(arithmetic, traffic), kind: arithmetic >= traffic ? 'arithmetic' : 'traffic' };
}

function least<T>(items: readonly T[], of: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>((best, item) => (best && of(best) <= of(item) ? best : item), undefined);
}

/** Written so that what is missing or NaN is missed. */
function missedBy(found: Omit<Comparison, 'missed'>): string[] {
  const { target, ratio, of_limit, ours_s, peak_mb, peer_peak_mb, allowed_mb, counts, peers } = found;
  const missed: string[] = [];
  const atLeast = (what: string, value: number | null | undefined, least: number): void => {
    if (!((value ?? NaN) >= least)) missed.push(`${what} ${number(value)}, wanted ${number(least)}`);
  };
  const atMost = (what: string, value: number | null | undefined, most: number | null | undefined): void => {
    if (!((value ?? NaN) <= (most ?? NaN))) missed.push(`${what} ${number(value)}, allowed ${number(most)}`);
  };
  if (target.ratio !== undefined) atLeast('ratio', ratio, target.ratio);
  if (target.limit !== undefined) atLeast('of limit', of_limit, target.limit);
  if (target.seconds !== undefined) atMost('seconds', ours_s, target.seconds);
  if (target.memory === 'peers') atMost('peak MB', peak_mb, peer_peak_mb);
  if (target.memory === 'allowance') atMost('peak MB', peak_mb, allowed_mb);
  for (const [name, least] of Object.entries(target.against ?? {})) {
    for (const peer of peers.filter((one) => one.name === name))
      atLeast(`ratio to ${name}`, peer.seconds / ours_s, least);
  }
  for (const [name, most] of Object.entries(target.counts ?? {})) atMost(name, counts?.[name], most);
  return missed;
}

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? 'unknown' : Number(value.toPrecision(3)).toString();
