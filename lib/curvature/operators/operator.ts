import { OptionError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { add, mul } from '../../ops/elementwise/arithmetic';
import { concat } from '../../ops/shape/concat';
import { slice } from '../../ops/shape/slice';
import { eye } from '../../ops/shape/triangle';
import { hutchinson, type ProbeOptions, type OperatorTrace } from '../estimates';
import { solverOf, type InverseOptions, type Solver } from '../inverse';
import { asStack, checkOperator, fromRows, onlyOf, toRows, vectorCount } from '../vectors';

/** How many unit vectors `dense` multiplies at once. */
const DENSE_ROWS = 64;

/** The products of one batch's matrix with vectors that have a leading axis. */
export type BatchProducts = (v: Parameters, run: RunOptions) => Promise<Parameters>;

/**
 * A symmetric matrix over all elements of some parameters, known by its products. `A.matvec(v)` is `A v`; `A.trace()`,
 * `A.diag()`, `A.inverse(...)`, `A.damped(lambda)`, `A.plus(B)` and `A.scaled(c)` read as they are written. Vectors are named and
 * shaped like the parameters; for K of them at once every tensor has a leading axis of K.
 */
export abstract class CurvatureOperator {
  /** What its vectors are named and shaped like. */
  abstract readonly parameters: Parameters;

  /** Rows and columns. */
  get shape(): readonly [number, number] {
    const size = this.parameters.elementCount;
    return [size, size];
  }

  /**
   * `A v` for one vector or several.
   * @throws ShapeError when `v` is not shaped like the parameters; AbortedError when `signal` fires.
   */
  async matvec(v: Parameters, run: RunOptions = {}): Promise<Parameters> {
    const count = vectorCount('matvec', this.parameters, v);
    const product = await this.products(count === null ? asStack(v) : v, run);
    return evaluate(count === null ? onlyOf(product) : product, run);
  }

  /** `A v` for vectors with a leading axis. */
  protected abstract products(v: Parameters, run: RunOptions): Promise<Parameters>;

  /** The matrices of single batches, one after the other and again; null for an operator that is not a mean over batches. */
  minibatches(): Iterable<BatchProducts> | null {
    return null;
  }

  /** The sum of the diagonal; here by random probes (Hutchinson 1989), exact where an operator knows it. */
  async trace(options: ProbeOptions = {}, run: RunOptions = {}): Promise<OperatorTrace> {
    return (await hutchinson(this, options, run)).trace;
  }

  /** The diagonal, shaped like the parameters; here by random probes (Bekas et al. 2007), exact where an operator knows it. */
  async diag(options: ProbeOptions = {}, run: RunOptions = {}): Promise<Parameters> {
    return (await hutchinson(this, options, run)).diagonal;
  }

  /** The matrix itself, float64 [n, n], by n products: for small n. */
  async dense(run: RunOptions = {}): Promise<Tensor> {
    const [size] = this.shape;
    const units = eye(size, { dtype: 'float64' });
    const rows: Tensor[] = [];
    for (let from = 0; from < size; from += DENSE_ROWS) {
      const some = slice(units, { starts: [from], stops: [from + DENSE_ROWS] });
      rows.push(toRows(this.parameters, await this.matvec(fromRows(this.parameters, some), run)));
    }
    return evaluate(concat(rows), run);
  }

  /** `A + B`. @throws PalimpsestError ERR_ARGUMENT; ShapeError (from a product) when B is over other parameters. */
  plus(other: CurvatureOperator): CurvatureOperator {
    checkOperator('plus', other);
    return new SumOperator(this, other);
  }

  /** `c A`. */
  scaled(factor: number): CurvatureOperator {
    if (!Number.isFinite(factor)) throw new OptionError(`scaled: a finite number expected, got ${factor}`);
    return new ShiftedOperator(this, factor, 0);
  }

  /** `A + lambda I`. */
  damped(lambda: number): CurvatureOperator {
    if (!Number.isFinite(lambda)) throw new OptionError(`damped: a finite number expected, got ${lambda}`);
    return new ShiftedOperator(this, 1, lambda);
  }

  /**
   * `A^-1` as an operator: by conjugate gradients for a positive definite A, by LiSSA or a Neumann series for a damped one.
   * Every product is an iteration of its own.
   * @throws OptionError for a misspelled or impossible option.
   */
  inverse(options: InverseOptions = {}): CurvatureOperator {
    return new InverseOperator(this, solverOf(options));
  }
}

class SumOperator extends CurvatureOperator {
  readonly parameters: Parameters;

  constructor(
    private readonly left: CurvatureOperator,
    private readonly right: CurvatureOperator,
  ) {
    super();
    this.parameters = left.parameters;
  }

  protected async products(v: Parameters, run: RunOptions): Promise<Parameters> {
    const [a, b] = [await this.left.matvec(v, run), await this.right.matvec(v, run)];
    return a.map((part, name) => add(part, b.get(name)));
  }

  /** The error is at most the sum of both: the probes may be the same. */
  override async trace(options: ProbeOptions = {}, run: RunOptions = {}): Promise<OperatorTrace> {
    const [a, b] = [await this.left.trace(options, run), await this.right.trace(options, run)];
    return { value: a.value + b.value, standardError: a.standardError + b.standardError };
  }

  override async diag(options: ProbeOptions = {}, run: RunOptions = {}): Promise<Parameters> {
    const [a, b] = [await this.left.diag(options, run), await this.right.diag(options, run)];
    return evaluate(
      a.map((part, name) => add(part, b.get(name))),
      run,
    );
  }
}

/** `factor A + shift I` */
class ShiftedOperator extends CurvatureOperator {
  readonly parameters: Parameters;

  constructor(
    private readonly inner: CurvatureOperator,
    private readonly factor: number,
    private readonly shift: number,
  ) {
    super();
    this.parameters = inner.parameters;
  }

  protected async products(v: Parameters, run: RunOptions): Promise<Parameters> {
    return this.#shifted(v, await this.inner.matvec(v, run));
  }

  override async trace(options: ProbeOptions = {}, run: RunOptions = {}): Promise<OperatorTrace> {
    const { value, standardError } = await this.inner.trace(options, run);
    return {
      value: this.factor * value + this.shift * this.shape[0],
      standardError: Math.abs(this.factor) * standardError,
    };
  }

  override async diag(options: ProbeOptions = {}, run: RunOptions = {}): Promise<Parameters> {
    const diagonal = await this.inner.diag(options, run);
    return evaluate(
      diagonal.map((part) => add(mul(part, this.factor), this.shift)),
      run,
    );
  }

  override minibatches(): Iterable<BatchProducts> | null {
    const batches = this.inner.minibatches();
    return batches && this.#shiftedBatches(batches);
  }

  *#shiftedBatches(batches: Iterable<BatchProducts>): Generator<BatchProducts> {
    for (const products of batches) yield async (v, run) => this.#shifted(v, await products(v, run));
  }

  #shifted(v: Parameters, product: Parameters): Parameters {
    return product.map((part, name) => add(mul(part, this.factor), mul(v.get(name), this.shift)));
  }
}

/** `A^-1`, a solution of a system per product. */
class InverseOperator extends CurvatureOperator {
  readonly parameters: Parameters;

  constructor(
    private readonly inner: CurvatureOperator,
    private readonly solve: Solver,
  ) {
    super();
    this.parameters = inner.parameters;
  }

  protected async products(v: Parameters, run: RunOptions): Promise<Parameters> {
    return fromRows(this.parameters, await this.solve(this.inner, toRows(this.parameters, v), run));
  }

  override inverse(): CurvatureOperator {
    return this.inner;
  }
}
