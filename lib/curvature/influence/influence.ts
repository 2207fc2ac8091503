import { checkOptions, OptionError, unexpected } from '../../errors';
import { compile } from '../../graph/compile';
import { evaluate } from '../../graph/evaluate';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { tensorsOf } from '../../graph/tree';
import { add, cast, eye, mul, reshape, slice, sum } from '../../ops';
import { perExample, type PerExampleGradients } from '../../transforms';
import { checkObjective, lossesOf, type ExampleBatch, type Objective } from '../objective';
import type { CurvatureOperator } from '../operators/operator';
import { checkOperator, quiet } from '../vectors';
import { GradientStore } from './gradientStore';
import { InfluenceScores } from './scores';

export interface InfluenceOptions {
  /** How many full gradients of queries are in memory at once, each as large as the parameters. Default 8. */
  readonly together?: number;
}

function checkTogether(where: string, options: InfluenceOptions): number {
  checkOptions(where, options, ['together']);
  const { together = 8 } = options;
  if (Number.isSafeInteger(together) && together > 0) return together;
  throw new OptionError(`${where}: together must be a positive integer, got ${together}`);
}

const checkSource = (where: string, source: unknown): void => {
  if (!(source instanceof GradientStore)) checkObjective(where, source);
};

/** Per-example gradients of an objective's batches, or of a store's. */
async function* gradientBatches<B extends ExampleBatch>(
  source: Objective<B> | GradientStore,
): AsyncGenerator<PerExampleGradients<Parameters>> {
  if (source instanceof GradientStore) {
    yield* source.batches();
    return;
  }
  for (const batch of source.batches()) yield perExample(lossesOf(source))(source.parameters, ...batch);
}

/** Gradients as vectors with a leading axis, a bounded number at a time. */
async function* vectorsOf<B extends ExampleBatch>(
  objective: Objective<B> | GradientStore,
  together: number,
  run: RunOptions,
): AsyncGenerator<Parameters> {
  if (objective instanceof GradientStore) {
    for await (const gradients of objective.batches()) {
      const { count, losses } = gradients;
      for (let from = 0; from < count; from += together) {
        // A weighting that picks one example gives its gradient: as many are written out as are asked for.
        const picks = slice(eye(count, { dtype: losses.dtype }), {
          starts: [from],
          stops: [from + together],
        });
        yield await evaluate(gradients.weightedSum(picks), quiet(run));
      }
    }
    return;
  }
  const each = compile((parameters: Parameters, batch: B) =>
    perExample(lossesOf(objective))(parameters, ...batch).materialize(),
  );
  for (const batch of objective.batches()) {
    const count = batch[0]?.shape[0] ?? 0;
    for (let from = 0; from < count; from += together) {
      const some = batch.map((tensor) =>
        slice(tensor, { starts: [from], stops: [from + together] }),
      ) as unknown as B;
      yield await each.withOptions(quiet(run))(objective.parameters, some);
    }
  }
}

/**
 * The influence of every training example on every query, [queries, examples]:
 *
 *     score[q, n] = (dL_q/dtheta)^T A^-1 (dL_n/dtheta)
 *
 * with the inverse curvature `A^-1` of the mean training loss, damped (Koh and Liang 2017; with EK-FAC Grosse et al. 2023).
 * **A positive score says that training on the example lowers the query's loss**: to first order, leaving example n out of N
 * changes the loss of query q by `+score / N`. Gradients of training examples are never stored as wholes: every query group
 * is multiplied with them in factors, in one pass over the training data or over a store of their gradients. Queries may
 * come from a store as well.
 *
 * @example
 * const inverse = (await ekfac(objective, { labels: 'sampled' })).inverse();
 * const scores = await influence({ train: objective, query, inverse });
 * const [best] = await scores.top(0, 5);
 * @throws OptionError; ExampleAxisError; ShapeError when the inverse is over other parameters; what the inverse throws.
 */
export async function influence<B extends ExampleBatch, Q extends ExampleBatch>(
  sides: {
    readonly train: Objective<B> | GradientStore;
    readonly query: Objective<Q> | GradientStore;
    /** Such as `ekfac(...).inverse()` or `gaussNewtonOperator(...).damped(lambda).inverse()`. */
    readonly inverse: CurvatureOperator;
  },
  options: InfluenceOptions = {},
  run: RunOptions = {},
): Promise<InfluenceScores> {
  const given: unknown = sides;
  if (typeof given !== 'object' || given === null) {
    throw unexpected('influence', '{ train, query, inverse }', given);
  }
  const { train, query, inverse } = sides;
  const together = checkTogether('influence', options);
  checkSource('influence: train', train);
  checkSource('influence: query', query);
  checkOperator('influence: inverse', inverse);
  const rows: Float64Array[] = [];
  for await (const gradients of vectorsOf(query, together, run)) {
    const directions = await inverse.matvec(gradients, quiet(run));
    const columns: Tensor[] = [];
    for await (const batch of gradientBatches(train)) {
      const scores = await evaluate(cast(batch.dot(directions), 'float64'), quiet(run));
      columns.push(scores);
    }
    rows.push(...(await joined(columns)));
    for (const tensor of [...tensorsOf(gradients), ...tensorsOf(directions), ...columns]) tensor.dispose();
    run.onProgress?.({ done: rows.length, total: query.size ?? rows.length, phase: 'influence' });
  }
  if (rows.length === 0) throw new OptionError('influence: there are no queries');
  return new InfluenceScores(rows);
}

/** Blocks [K, n] side by side, as K rows. */
async function joined(blocks: readonly Tensor[]): Promise<Float64Array[]> {
  const parts = await Promise.all(
    blocks.map(async (block) => ({ shape: block.shape, data: await block.data<'float64'>() })),
  );
  const count = parts[0]?.shape[0] ?? 0;
  return Array.from({ length: count }, (_, k) =>
    Float64Array.from(
      parts.flatMap(({ shape, data }) => {
        const width = shape[1] ?? 0;
        return [...data.subarray(k * width, (k + 1) * width)];
      }),
    ),
  );
}

/**
 * The influence of every example on itself, `score[n] = (dL_n/dtheta)^T A^-1 (dL_n/dtheta)`, [N]: large for examples that the
 * model can only have memorised (Feldman and Zhang 2020), among them mislabelled ones. Of an objective, or of a store of its
 * gradients (`storeGradients`), which is read batch by batch.
 *
 * @throws as `influence` does.
 */
export async function selfInfluence<B extends ExampleBatch>(
  objective: Objective<B> | GradientStore,
  inverse: CurvatureOperator,
  options: InfluenceOptions = {},
  run: RunOptions = {},
): Promise<Float64Array> {
  const together = checkTogether('selfInfluence', options);
  checkSource('selfInfluence', objective);
  checkOperator('selfInfluence: inverse', inverse);
  const scores: number[] = [];
  for await (const gradients of vectorsOf(objective, together, run)) {
    const directions = await inverse.matvec(gradients, quiet(run));
    const products = [...gradients].map(([name, part]) => {
      const terms = mul(cast(part, 'float64'), cast(directions.get(name), 'float64'));
      return sum(reshape(terms, [terms.shape[0] ?? 0, -1]), { axis: 1 });
    });
    const total = await evaluate(
      products.reduce((a, b) => add(a, b)),
      quiet(run),
    );
    scores.push(...(await total.data<'float64'>()));
    for (const tensor of [...tensorsOf(gradients), ...tensorsOf(directions), total]) tensor.dispose();
    run.onProgress?.({
      done: scores.length,
      total: objective.size ?? scores.length,
      phase: 'self-influence',
    });
  }
  if (scores.length === 0) throw new OptionError('selfInfluence: the objective has no examples');
  return Float64Array.from(scores);
}
