import { evaluate } from '../../graph/evaluate';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { zeros } from '../../ops/elementwise/arithmetic';
import { foldKey, key } from '../../random';
import {
  checkObjective,
  meanLike,
  sumOver,
  type ExampleBatch,
  type Objective,
  type Summed,
  type Term,
} from '../objective';
import { CurvatureOperator, type BatchProducts } from './operator';

/** A matrix that is a mean over examples: its products are added up batch after batch, in float64. */
export class DataOperator<B extends ExampleBatch> extends CurvatureOperator {
  readonly #objective: Objective<B>;
  readonly #term: Term<B, Parameters, Parameters>;
  readonly #seed: number;
  readonly #sum: ReturnType<typeof sumOver<B, Parameters, Parameters>>;

  constructor(
    objective: Objective<B>,
    private readonly phase: string,
    /** The sum over a batch's examples of the products with vectors that have a leading axis. */
    term: Term<B, Parameters, Parameters>,
    seed = 0,
  ) {
    super();
    checkObjective(phase, objective);
    this.#objective = objective;
    this.#term = term;
    this.#seed = seed;
    this.#sum = sumOver(objective, term);
  }

  get parameters(): Parameters {
    return this.#objective.parameters;
  }

  protected async products(v: Parameters, run: RunOptions): Promise<Parameters> {
    const shapes = v.map(({ shape }) => zeros(shape, 'float64'));
    const summed: Summed<Parameters> = await this.#sum(shapes, v, this.#seed, run, this.phase);
    return meanLike(summed, v);
  }

  override *minibatches(): Generator<BatchProducts> {
    const base = key(this.#seed);
    let index = 0;
    for (const batch of this.#objective.batches()) {
      const seed: Tensor = foldKey(base, index++);
      yield async (v, run) => {
        const sum = this.#term(this.#objective, v, seed, batch);
        return evaluate(meanLike({ sum, examples: batch[0]?.shape[0] ?? 1 }, v), run);
      };
    }
  }
}
