import { checkOptions, describe, OptionError, PalimpsestError, ShapeError, unexpected } from '../../errors';
import { compile } from '../../graph/compile';
import { evaluate } from '../../graph/evaluate';
import { checkTensors } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { add, cast, div, mul, sub, zeros } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { sum } from '../../ops/reduce/sum';
import { expandDims, reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';

/** Where rows came from: what tells whether two accumulators may be merged, and what a stored one is of. */
export interface MomentSource {
  /** Of the data: a path, a name. */
  readonly data: string;
  /** SHA-256 of the data. */
  readonly digest?: string;
  /** Where in the model the rows were taken. */
  readonly layer?: string;
  /** SHA-256 of the weights that made them. */
  readonly weights?: string;
  /** How many rows it gave; filled in. */
  readonly count: number;
}

/** What of a source is known before its rows are counted. */
export type SourceDescription = Omit<MomentSource, 'count'>;

interface Sums {
  /** [d] and [d, d], float64. */
  readonly sum: Tensor;
  readonly outer: Tensor;
}

const accumulate = compile(({ sum: first, outer }: Sums, rows: Tensor): Sums => {
  const x = cast(reshape(rows, [-1, extent(rows.shape, -1)]), 'float64');
  return { sum: add(first, sum(x, { axis: 0 })), outer: add(outer, matmul(transpose(x), x)) };
});

/**
 * The sums `sum_n x_n` and `sum_n x_n x_n^T` of rows, in float64, whatever the rows are: the statistic behind closed-form edits
 * (`C = E[k k^T]`), null spaces and erasers. Accumulators of parts of the data merge into that of the whole.
 *
 * @example
 * let moments = SecondMoments.empty(768, { data: 'wiki.jsonl', layer: 'h.5.mlp' });
 * for (const rows of batches) moments = await moments.with(rows);
 * const C = moments.moment();
 */
export class SecondMoments implements Disposable {
  /** @internal `empty`, `merge` and `loadMoments` make them. */
  constructor(
    readonly dimension: number,
    /** How many rows were summed. */
    readonly count: number,
    readonly sources: readonly MomentSource[],
    private readonly sums: Sums,
  ) {}

  /**
   * Of no rows yet, of `dimension` numbers each.
   * @throws OptionError for a dimension that is no positive integer, or a source that does not name its data.
   */
  static empty(dimension: number, source: SourceDescription): SecondMoments {
    if (!Number.isSafeInteger(dimension) || dimension < 1)
      throw new OptionError(`SecondMoments: dimension must be a positive integer, got ${String(dimension)}`);
    checkOptions('SecondMoments', source, ['data', 'digest', 'layer', 'weights']);
    const texts: Record<string, unknown> = { ...source, data: source.data };
    for (const [name, text] of Object.entries(texts)) {
      if (typeof text === 'string') continue;
      throw new OptionError(`SecondMoments: a source's ${name} is a text, got ${describe(text)}`);
    }
    const sums = { sum: zeros([dimension], 'float64'), outer: zeros([dimension, dimension], 'float64') };
    return new SecondMoments(dimension, 0, [{ ...source, count: 0 }], sums);
  }

  /** The sum of the rows, [d], float64. */
  get sum(): Tensor {
    return this.sums.sum;
  }

  /** The sum of their outer products, [d, d], float64. */
  get outer(): Tensor {
    return this.sums.outer;
  }

  /**
   * With the rows of one more batch, [..., d]; leading axes are rows too. They count as the last source's. This accumulator's
   * own sums are freed: it is spent.
   * @throws ShapeError for rows of another length; AbortedError, and this one is as it was.
   */
  async with(rows: Tensor, run: RunOptions = {}): Promise<SecondMoments> {
    checkTensors('SecondMoments', { rows });
    const { shape } = rows;
    if (shape.length === 0 || extent(shape, -1) !== this.dimension) {
      throw new ShapeError(
        `SecondMoments: rows of ${this.dimension} numbers expected, got shape ${formatShape(shape)}`,
      );
    }
    const sums = await accumulate.withOptions(run)(this.sums, rows);
    const count = rows.size / Math.max(1, this.dimension);
    const sources = this.sources.map((source, i) =>
      i === this.sources.length - 1 ? { ...source, count: source.count + count } : source,
    );
    this.dispose();
    return new SecondMoments(this.dimension, this.count + count, sources, sums);
  }

  /**
   * The accumulator of the rows of both; both stay as they are.
   * @throws ShapeError for another dimension; PalimpsestError ERR_VALUE when the same data at the same place of the same model
   *   are in both: they would count twice.
   */
  async merge(other: SecondMoments, run: RunOptions = {}): Promise<SecondMoments> {
    const given: unknown = other;
    if (!(given instanceof SecondMoments)) {
      throw unexpected('SecondMoments: merge', 'SecondMoments', given);
    }
    if (other.dimension !== this.dimension) {
      throw new ShapeError(
        `SecondMoments: rows of ${this.dimension} and of ${other.dimension} numbers do not merge`,
      );
    }
    const same = this.sources.find((source) => other.sources.some((theirs) => sameSource(source, theirs)));
    if (same)
      throw new PalimpsestError('ERR_VALUE', `SecondMoments: the rows of '${same.data}' are in both already`);
    const sums = { sum: add(this.sum, other.sum), outer: add(this.outer, other.outer) };
    await evaluate(sums, run);
    return new SecondMoments(
      this.dimension,
      this.count + other.count,
      [...this.sources, ...other.sources],
      sums,
    );
  }

  /** `E[x]`, [d]. @throws PalimpsestError ERR_VALUE without rows, as below. */
  mean(): Tensor {
    return div(this.sum, this.#rows('mean', 1));
  }

  /** `E[x x^T]`, [d, d], not centred. */
  moment(): Tensor {
    return div(this.outer, this.#rows('moment', 1));
  }

  /**
   * `sum_n (x_n - mean)(x_n - mean)^T / (N - correction)`, [d, d]. `correction` is 0 by default; 1 makes it unbiased.
   * @throws OptionError for a misspelled option or a correction below 0; PalimpsestError ERR_VALUE for too few rows.
   */
  covariance(options: { readonly correction?: number } = {}): Tensor {
    checkOptions('covariance', options, ['correction']);
    const { correction = 0 } = options;
    if (typeof correction !== 'number' || !(correction >= 0))
      throw new OptionError(`covariance: correction must be a number from 0, got ${String(correction)}`);
    const rows = this.#rows('covariance', 1 + correction);
    const mean = this.mean();
    const centred = sub(this.outer, mul(matmul(expandDims(mean, 1), expandDims(mean, 0)), rows));
    return div(centred, rows - correction);
  }

  dispose(): void {
    this.sum.dispose();
    this.outer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #rows(what: string, least: number): number {
    if (this.count >= least) return this.count;
    throw new PalimpsestError(
      'ERR_VALUE',
      `SecondMoments: ${what} needs ${least} rows or more, there are ${this.count}`,
    );
  }
}

/** Without a digest nothing tells two sources of one name apart, or the same. */
const sameSource = (a: MomentSource, b: MomentSource): boolean =>
  a.digest !== undefined && a.digest === b.digest && a.layer === b.layer && a.weights === b.weights;
