import type { Params } from './contest';
import type { Side } from './duel';

/** What a row must reach. Everything that is given must hold. */
export interface Target {
  /** The fastest peer's time over ours, at least. */
  readonly ratio?: number;
  /** The same against peers of a name (`peerName`), at least; a peer that is not there is not judged. */
  readonly against?: Readonly<Record<string, number>>;
  /** The limit's time over ours, at least. */
  readonly limit?: number;
  /** Our time, at most, in seconds. */
  readonly seconds?: number;
  /** Our peak below that of every program of PyTorch; or within what the contest allows (`Contest.allowance`). */
  readonly memory?: 'peers' | 'allowance';
  /** What our side counts besides time (`Contest.counts`), at most. */
  readonly counts?: Readonly<Record<string, number>>;
}

export interface Peer {
  readonly side: Side;
  readonly params: Params;
  /** Its result is not comparable, or so costly to agree on that the other peers stand for it. */
  readonly unchecked?: true;
  /** Other reps than the row's, for peers that take much longer. */
  readonly reps?: number;
  /** So many of its runs are one of ours. Default 1. */
  readonly scale?: number;
  /** What it is called instead of its parameters, where `scale` makes something else of it. */
  readonly label?: string;
}

/** A point of a curve in the picture of growth. */
export interface Point {
  readonly curve: string;
  readonly x: number;
  /** What x is. */
  readonly unit: string;
}

/** One comparison: ours, and whoever else computes the same. */
export interface Row {
  readonly name: string;
  readonly ours: Params;
  readonly peers: readonly Peer[];
  /** How many timed turns each. */
  readonly reps: number;
  /** Floating-point operations, a multiply-add counting as two, and bytes that must move at least. */
  readonly flops?: number;
  readonly bytes?: number;
  readonly target: Target;
  /** How far results may be apart, relatively. Default 1e-4. */
  readonly tolerance?: number;
  /** Sizes at which everyone is asked once more, to agree within 1e-4, where `tolerance` has to be wide. */
  readonly strictAt?: Readonly<Record<string, number>>;
  /** Left out by `--quick`. */
  readonly slow?: true;
  /** Why this machine cannot run it; undefined where it can. */
  readonly impossible?: () => string | undefined;
  readonly point?: Point;
}

type Rest = Omit<Peer, 'side' | 'params'>;

export const pytorch = (params: Params, rest: Rest = {}): Peer => ({ side: 'pytorch', params, ...rest });
export const onednn = (params: Params): Peer => ({ side: 'onednn', params });
export const node = (library: string, params: Params, rest: Rest = {}): Peer => ({
  side: 'node',
  params: { ...params, library },
  ...rest,
});

/** Another of our own computations, that the row's is measured by. */
export const own = (params: Params, rest: Rest = {}): Peer => ({
  side: 'palimpsest',
  params,
  unchecked: true,
  ...rest,
});

/** Who a peer is, in a few words. */
export function peerName({ side, params, label }: Pick<Peer, 'side' | 'params' | 'label'>): string {
  if (label !== undefined) return label;
  const { method, chunk, compile, job, library } = params;
  const who = side === 'palimpsest' ? `own ${job}` : side === 'node' ? String(library) : side;
  const words = [
    who,
    method,
    chunk === undefined ? undefined : `chunk ${chunk}`,
    compile === true ? 'compiled' : undefined,
  ];
  return words.filter((word) => word !== undefined).join(' ');
}
