import { checkOptions, OptionError, PalimpsestError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import {
  add,
  cast,
  div,
  expandDims,
  matmul,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  sum,
  transpose,
} from '../../ops';
import { probesOf, type ProbeOptions, type OperatorTrace } from '../estimates';
import { CurvatureOperator } from '../operators/operator';
import { checkDamping, DEFAULT_DAMPING, invertedBy, type KroneckerInverseOptions } from './damping';

/** One parameter's block `(U (x) V) diag(Lambda) (U (x) V)^T`, the parameter read as a matrix [a, b]. */
export interface KroneckerBlock {
  /** U [a, a]; absent for a block that is diagonal as it stands. */
  readonly left?: Tensor;
  /** V [b, b]; absent with U. */
  readonly right?: Tensor;
  /** Lambda [a, b]. */
  readonly eigenvalues: Tensor;
  /** Of the two factors by themselves, [a] and [b], for K-FAC; EK-FAC has none. */
  readonly factors?: { readonly left: Tensor; readonly right: Tensor };
}

/** A block-diagonal matrix of Kronecker-factored blocks, one per parameter: what `kfac` and `ekfac` return. */
export class KroneckerOperator extends CurvatureOperator {
  readonly #blocks: ReadonlyMap<string, KroneckerBlock>;

  /** Made by `kfac`, `ekfac` and `loadKronecker`. @internal */
  constructor(
    readonly parameters: Parameters,
    blocks: ReadonlyMap<string, KroneckerBlock>,
    /** How it was made. */
    readonly about: KroneckerDescription,
  ) {
    super();
    this.#blocks = blocks;
  }

  /** The block of one parameter. @throws PalimpsestError ERR_PARAMETER for a name that is not there. */
  block(name: string): KroneckerBlock {
    const block = this.#blocks.get(name);
    if (!block) throw new PalimpsestError('ERR_PARAMETER', `KroneckerOperator: no block '${name}'`);
    return block;
  }

  protected products(v: Parameters): Promise<Parameters> {
    return Promise.resolve(v.map((part, name) => timesBlock(part, this.block(name))));
  }

  override async trace(options: ProbeOptions = {}, run: RunOptions = {}): Promise<OperatorTrace> {
    probesOf(options);
    const parts = [...this.#blocks.values()].map(({ eigenvalues }) => sum(cast(eigenvalues, 'float64')));
    const total = await evaluate(
      parts.reduce((a, b) => add(a, b)),
      run,
    );
    return { value: await total.item(), standardError: 0 };
  }

  /** `(U * U) Lambda (V * V)^T`, exact. */
  override async diag(options: ProbeOptions = {}, run: RunOptions = {}): Promise<Parameters> {
    probesOf(options);
    const diagonal = this.parameters.map(({ shape }, name) => {
      const { left, right, eigenvalues } = this.block(name);
      const whole =
        left && right ? matmul(square(left), matmul(eigenvalues, transpose(square(right)))) : eigenvalues;
      return reshape(whole, shape);
    });
    return evaluate(diagonal, run);
  }

  override scaled(factor: number): KroneckerOperator {
    if (!Number.isFinite(factor)) throw new OptionError(`scaled: a finite number expected, got ${factor}`);
    return this.#withEigenvalues(({ eigenvalues }) => mul(eigenvalues, factor));
  }

  override damped(lambda: number): KroneckerOperator {
    if (!Number.isFinite(lambda)) throw new OptionError(`damped: a finite number expected, got ${lambda}`);
    return this.#withEigenvalues(({ eigenvalues }) => add(eigenvalues, lambda));
  }

  /**
   * The damped inverse in closed form: `U ((U^T v V) / (Lambda + lambda)) V^T`.
   * @throws OptionError for a damping that is not positive, or a split that does not apply.
   */
  override inverse(options: KroneckerInverseOptions = {}): KroneckerOperator {
    checkOptions('inverse', options, ['method', 'damping', 'split']);
    const { method = 'closed', damping = DEFAULT_DAMPING, split = 'eigenvalues' } = options;
    const asked: string = method;
    if (asked !== 'closed')
      throw new OptionError(`inverse: the method of factored blocks is 'closed', got '${asked}'`);
    checkDamping('inverse', damping);
    const known: readonly string[] = ['eigenvalues', 'factors'];
    if (!known.includes(split))
      throw new OptionError(`inverse: split is 'eigenvalues' or 'factors', got '${split}'`);
    if (split === 'eigenvalues') {
      return this.#withEigenvalues(({ eigenvalues }) => invertedBy(damping, eigenvalues));
    }
    if (typeof damping !== 'number')
      throw new OptionError("inverse: split 'factors' takes a number as damping");
    return this.#withEigenvalues((block) => invertedFactors(block, damping));
  }

  #withEigenvalues(change: (block: KroneckerBlock) => Tensor): KroneckerOperator {
    const blocks = [...this.#blocks].map(([name, block]) => {
      const { left, right } = block;
      const eigenvalues = change(block);
      return [name, left && right ? { left, right, eigenvalues } : { eigenvalues }] as const;
    });
    return new KroneckerOperator(this.parameters, new Map(blocks), this.about);
  }
}

/** How a Kronecker approximation was made. */
export interface KroneckerDescription {
  readonly kind: 'kfac' | 'ekfac';
  readonly sharing: 'expand' | 'reduce';
  readonly labels: 'true' | 'sampled';
  readonly examples: number;
  /** SHA-256 of the weights that it belongs to. */
  readonly weights: string;
}

/** The product of a block with vectors [K, ...shape]. */
function timesBlock(v: Tensor, { left, right, eigenvalues }: KroneckerBlock): Tensor {
  const matrices = reshape(v, [v.shape[0] ?? 0, ...eigenvalues.shape]);
  if (!left || !right) return reshape(mul(matrices, eigenvalues), v.shape);
  const turned = mul(matmul(transpose(left), matmul(matrices, right)), eigenvalues);
  return reshape(matmul(left, matmul(turned, transpose(right))), v.shape);
}

/** `1 / ((lambda_l + pi sqrt(lambda)) (lambda_r + sqrt(lambda) / pi))` with pi^2 the ratio of the factors' mean eigenvalues. */
function invertedFactors({ factors, eigenvalues }: KroneckerBlock, damping: number): Tensor {
  if (!factors) {
    if (eigenvalues.shape[1] === 1) return invertedBy(damping, eigenvalues);
    throw new OptionError(
      "inverse: split 'factors' is for K-FAC; EK-FAC's eigenvalues are no products of two",
    );
  }
  const pi = sqrt(div(mean(factors.left), mean(factors.right)));
  const root = Math.sqrt(damping);
  const [left, right] = [add(factors.left, mul(pi, root)), add(factors.right, div(root, pi))];
  return div(1, mul(expandDims(left, 1), expandDims(right, 0)));
}
