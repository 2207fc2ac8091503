import type { Tensor } from '../../lib/graph/tensor';

/** What a contestant is asked to compute: a job and its sizes. */
export interface Params {
  readonly job: string;
  readonly threads?: number;
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
}
