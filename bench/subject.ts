/** Something to be timed, ready to run. */
export interface Contender {
  readonly name: string;
  /** One run; what it makes is freed before it ends. */
  readonly run: () => Promise<void>;
  /** Floating-point operations of a run, a multiply-add counting as two. */
  readonly flops?: number | undefined;
  /** Bytes that a run must read and write at least. */
  readonly bytes?: number | undefined;
  /** The contender whose time is the unit of this one's `ratio`. */
  readonly against?: string | undefined;
}

/** Contenders that are timed together, in turns. */
export interface Subject {
  readonly name: string;
  /** What is compared with what, and why that is fair. */
  readonly about: string;
  /** The names of the contenders there are. */
  readonly members: readonly string[];
  /**
   * Makes contenders ready: those that are wanted and those that they are compared with. Throws when contenders that
   * should compute the same do not.
   */
  readonly prepare: (wanted: (name: string) => boolean) => Promise<readonly Contender[]>;
}
