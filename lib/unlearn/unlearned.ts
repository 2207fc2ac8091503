import type { Parameters } from '../graph/parameters';

/** What every unlearning method returns. The model that went in is unchanged. */
export interface Unlearned<O> {
  readonly parameters: Parameters;
  /** The method's name in the registry. */
  readonly method: string;
  /** What was used, defaults filled in: plain data that can be logged and replayed. */
  readonly options: O;
  /** Wall time of the method itself. */
  readonly seconds: number;
  /** What the user should know about this run. */
  readonly warnings: readonly string[];
}

/** Seconds since an earlier `performance.now()`. */
export const secondsSince = (start: number): number => (performance.now() - start) / 1000;
