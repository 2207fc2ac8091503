import { checkOptions, OptionError } from '../errors';
import { evaluate } from '../graph/evaluate';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import { add, mul } from '../ops/elementwise/arithmetic';
import { mean, sum } from '../ops/reduce';
import { foldKey, key, rademacher } from '../random';
import type { CurvatureOperator } from './operators/operator';
import { fromRows, quiet, toRows } from './vectors';

export interface ProbeOptions {
  /** How many random vectors. The error falls with the root of their number. Default 32. */
  readonly probes?: number;
  /** How many of them are multiplied at once. Default 8. */
  readonly together?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** An estimate with how far it may be off. */
export interface OperatorTrace {
  readonly value: number;
  /** Of the mean over the probes; 0 for a trace that is exact. */
  readonly standardError: number;
}

/** The options, filled in and checked: also for a trace that is exact, so that they mean the same everywhere. */
export function probesOf(options: ProbeOptions): Required<ProbeOptions> {
  checkOptions('hutchinson', options, ['probes', 'together', 'seed']);
  const { probes = 32, together = 8, seed = 0 } = options;
  for (const [name, value] of Object.entries({ probes, together })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new OptionError(`hutchinson: ${name} must be a positive integer, got ${value}`);
  }
  return { probes, together, seed };
}

/** The trace and the diagonal by probes z of independent signs: `E[z^T A z]` and `E[z * A z]`. */
export async function hutchinson(
  operator: CurvatureOperator,
  options: ProbeOptions,
  run: RunOptions,
): Promise<{ readonly trace: OperatorTrace; readonly diagonal: Parameters }> {
  const { probes, together, seed } = probesOf(options);
  const { parameters } = operator;
  const [size] = operator.shape;
  const base = key(seed);
  const values: number[] = [];
  let diagonal = mul(toRows(parameters, parameters), 0);
  for (let done = 0; done < probes; done += together) {
    const count = Math.min(together, probes - done);
    const z = rademacher(foldKey(base, done), [count, size], 'float64');
    const product = toRows(parameters, await operator.matvec(fromRows(parameters, z), quiet(run)));
    const each = mul(z, product);
    const [sums, total] = await evaluate([
      sum(each, { axis: 1 }),
      sum(each, { axis: 0, keepDims: true }),
    ] as const);
    values.push(...(await sums.data<'float64'>()));
    diagonal = await evaluate(add(diagonal, total));
    run.onProgress?.({ done: done + count, total: probes, phase: 'probes' });
  }
  const average = values.reduce((a, b) => a + b, 0) / probes;
  const variance = values.reduce((a, b) => a + (b - average) ** 2, 0) / Math.max(1, probes - 1);
  const single = fromRows(parameters, mul(diagonal, 1 / probes));
  return {
    trace: { value: average, standardError: probes > 1 ? Math.sqrt(variance / probes) : Infinity },
    diagonal: await evaluate(single.map((part) => mean(part, { axis: 0 }))),
  };
}
