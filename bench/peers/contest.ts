import type { Tensor } from '../../lib/graph/tensor';

/** What a contestant is asked to compute: a job and its sizes. */
export interface Params {
  readonly job: string;
  readonly threads?: number;
  /** One run in a turn, where runs go on from each other and all must take equally many. */
  readonly single?: boolean;
  readonly [name: string]: string | number | boolean | undefined;
}

/** One of our ways of computing something, ready to be timed. The twin of `Contest` in pytorch/contestant.py. */
export interface Contest<R = unknown> {
  /** Timed: what it makes is freed by whoever called, untimed. */
  readonly run: () => Promise<R>;
  /** Before every run, untimed. */
  readonly setup?: () => Promise<void>;
  /** What of the last run's value is compared. Default: its tensors, in order. */
  readonly result?: (value: R) => readonly Tensor[];
  /** Runs before the first that counts. Default 1. */
  readonly warmup?: number;
  /** So many things are done in a run, and the time of one is asked for. Default 1. */
  readonly per?: number;
  /** What of a run is timed, in seconds, where it is not all. */
  readonly seconds?: (value: R) => number;
  /** Bytes that the process may hold at its peak beyond those of a process that has computed nothing. */
  readonly allowance?: number;
  /** Counted besides time, after the last run. */
  readonly counts?: () => Readonly<Record<string, number>>;
}
