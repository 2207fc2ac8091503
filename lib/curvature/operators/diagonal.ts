import { checkOptions, OptionError, PalimpsestError } from '../../errors';
import { checkParameters, type Parameters } from '../../graph/parameters';
import type { RunOptions } from '../../graph/tensor';
import { evaluate } from '../../graph/evaluate';
import { add, cast, div, equal, mul } from '../../ops/elementwise/arithmetic';
import { sum } from '../../ops/reduce/sum';
import { probesOf, type ProbeOptions, type OperatorTrace } from '../estimates';
import { checkDamping, dampingOf, type Damping } from '../kronecker/damping';
import { CurvatureOperator } from './operator';

/** How a diagonal is inverted. */
export interface DiagonalInverseOptions {
  /** The only one there is. */
  readonly method?: 'closed';
  /** Default: none. A diagonal with zeros, such as that of an empirical Fisher matrix, needs one. */
  readonly damping?: Damping;
}

/**
 * A diagonal matrix, such as the diagonal Fisher information.
 * @throws PalimpsestError ERR_ARGUMENT for anything but `Parameters`.
 */
export class DiagonalOperator extends CurvatureOperator {
  constructor(readonly parameters: Parameters) {
    super();
    checkParameters('DiagonalOperator', parameters);
  }

  protected products(v: Parameters): Promise<Parameters> {
    return Promise.resolve(v.map((part, name) => mul(part, this.parameters.get(name))));
  }

  override async trace(options: ProbeOptions = {}, run: RunOptions = {}): Promise<OperatorTrace> {
    probesOf(options);
    const parts = [...this.parameters].map(([, part]) => sum(cast(part, 'float64')));
    const total = await evaluate(
      parts.reduce((a, b) => add(a, b)),
      run,
    );
    return { value: await total.item(), standardError: 0 };
  }

  override diag(options: ProbeOptions = {}, run: RunOptions = {}): Promise<Parameters> {
    probesOf(options);
    return evaluate(this.parameters, run);
  }

  override scaled(factor: number): DiagonalOperator {
    return new DiagonalOperator(this.parameters.map((part) => mul(part, factor)));
  }

  override damped(lambda: number): DiagonalOperator {
    if (!Number.isFinite(lambda)) throw new OptionError(`damped: a finite number expected, got ${lambda}`);
    return new DiagonalOperator(this.parameters.map((part) => add(part, lambda)));
  }

  /**
   * `1 / (d + lambda)`, in closed form.
   * @throws OptionError for a misspelled or impossible option; PalimpsestError ERR_SINGULAR (from a product) where the sum is 0.
   */
  override inverse(options: DiagonalInverseOptions = {}): DiagonalOperator {
    checkOptions('inverse', options, ['method', 'damping']);
    const { method = 'closed', damping } = options;
    const asked: string = method;
    if (asked !== 'closed')
      throw new OptionError(`inverse: the method of a diagonal is 'closed', got '${asked}'`);
    if (damping === undefined) return new InverseDiagonal(this.parameters);
    checkDamping('inverse', damping);
    return new InverseDiagonal(this.parameters.map((part) => add(part, dampingOf(damping, part))));
  }
}

/** `1 / d`, which looks for zeros before its first product. */
class InverseDiagonal extends DiagonalOperator {
  readonly #divisors: Parameters;
  #checked?: Promise<void>;

  constructor(divisors: Parameters) {
    super(divisors.map((part) => div(1, part)));
    this.#divisors = divisors;
  }

  protected override async products(v: Parameters): Promise<Parameters> {
    await (this.#checked ??= refuseZeros(this.#divisors));
    return super.products(v);
  }
}

async function refuseZeros(divisors: Parameters): Promise<void> {
  for (const [name, part] of divisors) {
    const zeros = await sum(cast(equal(part, 0), 'float64')).item();
    if (zeros === 0) continue;
    throw new PalimpsestError(
      'ERR_SINGULAR',
      `inverse: ${zeros} of ${part.size} entries of '${name}' are 0; add damping`,
    );
  }
}
