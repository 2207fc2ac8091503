import { OptionError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions } from '../../graph/tensor';
import { evaluate } from '../../graph/evaluate';
import { add, cast, div, mul } from '../../ops/elementwise/arithmetic';
import { sum } from '../../ops/reduce/sum';
import type { ProbeOptions, OperatorTrace } from '../estimates';
import { CurvatureOperator } from './operator';

/** A diagonal matrix, such as the diagonal Fisher information. */
export class DiagonalOperator extends CurvatureOperator {
  constructor(readonly parameters: Parameters) {
    super();
  }

  protected products(v: Parameters): Promise<Parameters> {
    return Promise.resolve(v.map((part, name) => mul(part, this.parameters.get(name))));
  }

  override async trace(_options: ProbeOptions = {}, run: RunOptions = {}): Promise<OperatorTrace> {
    const parts = [...this.parameters].map(([, part]) => sum(cast(part, 'float64')));
    const total = await evaluate(
      parts.reduce((a, b) => add(a, b)),
      run,
    );
    return { value: await total.item(), standardError: 0 };
  }

  override diag(): Promise<Parameters> {
    return Promise.resolve(this.parameters);
  }

  override scaled(factor: number): DiagonalOperator {
    return new DiagonalOperator(this.parameters.map((part) => mul(part, factor)));
  }

  override damped(lambda: number): DiagonalOperator {
    if (!Number.isFinite(lambda)) throw new OptionError(`damped: a finite number expected, got ${lambda}`);
    return new DiagonalOperator(this.parameters.map((part) => add(part, lambda)));
  }

  /** `1 / d`: closed form, without options. */
  override inverse(): DiagonalOperator {
    return new DiagonalOperator(this.parameters.map((part) => div(1, part)));
  }
}
