import { OptionError } from '../../errors';

/** An example and its score. */
export interface Influential {
  readonly example: number;
  readonly score: number;
}

/** What `influence` returns: one row per query. Positive: training on the example lowers the query's loss. */
export class InfluenceScores {
  readonly #rows: readonly Float64Array[];

  /** Made by `influence`. @internal */
  constructor(rows: readonly Float64Array[]) {
    this.#rows = rows;
  }

  /** How many queries and how many examples. */
  get shape(): readonly [queries: number, examples: number] {
    return [this.#rows.length, this.#rows[0]?.length ?? 0];
  }

  /** The scores of all examples for one query. @throws OptionError for a query that is not there. */
  row(query: number): Float64Array {
    const row = this.#rows[query];
    if (!row)
      throw new OptionError(`influence: a query from 0 to ${this.#rows.length - 1} expected, got ${query}`);
    return row;
  }

  /** The examples that lower a query's loss most, best first. @throws OptionError. */
  top(query: number, count: number): Influential[] {
    checkCount(count);
    return this.#ordered(query, (a, b) => b.score - a.score).slice(0, count);
  }

  /** The examples that raise a query's loss most, worst first. @throws OptionError. */
  bottom(query: number, count: number): Influential[] {
    checkCount(count);
    return this.#ordered(query, (a, b) => a.score - b.score).slice(0, count);
  }

  #ordered(query: number, order: (a: Influential, b: Influential) => number): Influential[] {
    return Array.from(this.row(query), (score, example) => ({ example, score })).sort(
      (a, b) => order(a, b) || a.example - b.example,
    );
  }
}

function checkCount(count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw new OptionError(`influence: a number of examples expected, got ${count}`);
}
