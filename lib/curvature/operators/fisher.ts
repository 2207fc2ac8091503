import { checkOptions } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { zeros } from '../../ops/elementwise/arithmetic';
import { sum } from '../../ops/reduce/sum';
import { perExample, type PerExampleGradients } from '../../transforms';
import { probesOf, type ProbeOptions, type OperatorTrace } from '../estimates';
import {
  labelled,
  lossesOf,
  meanLike,
  sumOver,
  type ExampleBatch,
  type LabelOptions,
  type Objective,
} from '../objective';
import { DataOperator } from './dataOperator';
import type { CurvatureOperator } from './operator';

/** The gradients of a batch's examples, with its labels or with drawn ones. */
export function gradientsOf<B extends ExampleBatch>(
  where: string,
  objective: Objective<B>,
  { labels = 'true' }: LabelOptions,
  seed: Tensor,
  batch: B,
): PerExampleGradients<Parameters> {
  return perExample(lossesOf(objective))(
    objective.parameters,
    ...labelled(where, objective, labels, seed, batch),
  );
}

class FisherOperator<B extends ExampleBatch> extends DataOperator<B> {
  readonly #traces: ReturnType<typeof sumOver<B, Tensor, null>>;
  readonly #squares: ReturnType<typeof sumOver<B, Parameters, null>>;

  constructor(
    objective: Objective<B>,
    private readonly options: LabelOptions,
  ) {
    super(
      objective,
      'Fisher products',
      (own, v, seed, batch) => {
        const gradients = gradientsOf('fisherOperator', own, options, seed, batch);
        return gradients.weightedSum(gradients.dot(v));
      },
      options.seed,
    );
    const of = (own: Objective<B>, seed: Tensor, batch: B): PerExampleGradients<Parameters> =>
      gradientsOf('fisherOperator', own, options, seed, batch);
    this.#traces = sumOver(objective, (own, _, seed, batch) => sum(of(own, seed, batch).squaredNorms()));
    this.#squares = sumOver(objective, (own, _, seed, batch) => of(own, seed, batch).sumSquares());
  }

  /** The mean of the gradients' squared norms: exact, so the options of an estimate do not matter. */
  override async trace(options: ProbeOptions = {}, run: RunOptions = {}): Promise<OperatorTrace> {
    probesOf(options);
    const { sum: total, examples } = await this.#traces(
      zeros([], 'float64'),
      null,
      this.options.seed ?? 0,
      run,
      'trace',
    );
    return { value: (await total.item()) / examples, standardError: 0 };
  }

  override async diag(options: ProbeOptions = {}, run: RunOptions = {}): Promise<Parameters> {
    probesOf(options);
    const shapes = this.parameters.map(({ shape }) => zeros(shape, 'float64'));
    const summed = await this.#squares(shapes, null, this.options.seed ?? 0, run, 'diagonal');
    return evaluate(meanLike(summed, this.parameters), run);
  }
}

/**
 * The Fisher information as a mean over examples, `1/N sum_n g_n g_n^T` with `g_n` the gradient of example n's loss: with the
 * labels of the data the empirical one, with `labels: 'sampled'` the true one in expectation. Its trace and diagonal are exact
 * and cost one pass.
 * @throws OptionError for a misspelled option; (from a product) when labels are to be drawn and the objective cannot.
 */
export function fisherOperator<B extends ExampleBatch>(
  objective: Objective<B>,
  options: LabelOptions = {},
): CurvatureOperator {
  checkOptions('fisherOperator', options, ['labels', 'seed']);
  return new FisherOperator(objective, options);
}
