import { checkOptions, OptionError } from '../errors';
import { evaluate } from '../graph/evaluate';
import { tensor } from '../graph/create';
import type { RunOptions, Tensor } from '../graph/tensor';
import { eigh } from '../linalg';
import { div, mul, square, sub } from '../ops/elementwise';
import { sqrt } from '../ops/elementwise/math';
import { matmul } from '../ops/products/matmul';
import { sum } from '../ops/reduce';
import { concat } from '../ops/shape/concat';
import { transpose } from '../ops/shape/transpose';
import { foldKey, key, normal } from '../random';
import type { CurvatureOperator } from './operators/operator';
import { checkOperator, fromRows, quiet, toRows } from './vectors';

export interface LanczosOptions {
  /** How many products. Default 32. */
  readonly steps?: number;
  /** Default 0. */
  readonly seed?: number;
}

export interface SpectrumOptions extends LanczosOptions {
  /** How many random vectors to start from. Default 4. */
  readonly probes?: number;
}

/** A distribution of eigenvalues as weighted points; the weights add up to 1. */
export interface SpectralDensity {
  readonly values: readonly number[];
  readonly weights: readonly number[];
  /**
   * The density at given places, every point spread as a normal distribution of this deviation.
   * @throws OptionError for a deviation that is not positive.
   */
  at(places: readonly number[], deviation: number): number[];
}

/** Ritz values of one Krylov space, with the weight of each in the vector it began with. */
interface Ritz {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

/** Relative to the largest entry so far: a space that is this much exhausted is complete. */
const EXHAUSTED = 1e-12;

/** Lanczos with full reorthogonalisation, in float64. */
async function lanczos(
  operator: CurvatureOperator,
  seed: Tensor,
  steps: number,
  run: RunOptions,
): Promise<Ritz> {
  const { parameters, shape } = operator;
  const start = normal(seed, [1, shape[0]], { dtype: 'float64' });
  let q = await evaluate(div(start, sqrt(sum(square(start)))), run);
  let basis = q;
  const [diagonal, beside]: [number[], number[]] = [[], []];
  for (let step = 0; step < Math.min(steps, shape[0]); step++) {
    const product = toRows(parameters, await operator.matvec(fromRows(parameters, q), quiet(run)));
    const alpha = sum(mul(product, q));
    // Twice is enough to make the remainder orthogonal to all before.
    const once = sub(product, matmul(matmul(product, transpose(basis)), basis));
    const rest = sub(once, matmul(matmul(once, transpose(basis)), basis));
    const [a, length, remainder] = await evaluate([alpha, sqrt(sum(square(rest))), rest] as const, run);
    diagonal.push(await a.item());
    const beta = await length.item();
    if (beta <= EXHAUSTED * Math.max(...diagonal.map(Math.abs), ...beside)) break;
    beside.push(beta);
    q = await evaluate(div(remainder, beta), run);
    basis = await evaluate(concat([basis, q]), run);
  }
  return ritzOf(diagonal, beside);
}

async function ritzOf(diagonal: readonly number[], beside: readonly number[]): Promise<Ritz> {
  const m = diagonal.length;
  const entries = new Float64Array(m * m);
  diagonal.forEach((value, i) => (entries[i * m + i] = value));
  for (let i = 0; i + 1 < m; i++) {
    const value = beside[i] ?? 0;
    entries[i * m + i + 1] = value;
    entries[(i + 1) * m + i] = value;
  }
  const { values, vectors } = await evaluate(eigh(tensor(entries, { shape: [m, m] })));
  const rows = await vectors.data<'float64'>();
  return {
    values: [...(await values.data<'float64'>())],
    weights: Array.from({ length: m }, (_, i) => (rows[i] ?? 0) ** 2),
  };
}

function checkSteps(steps: number, probes = 1): void {
  for (const [name, value] of Object.entries({ steps, probes })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new OptionError(`spectrum: ${name} must be a positive integer, got ${value}`);
  }
}

/** The largest eigenvalue of an operator, from below, by Lanczos. @throws OptionError; AbortedError. */
export async function largestEigenvalue(
  operator: CurvatureOperator,
  options: LanczosOptions = {},
  run: RunOptions = {},
): Promise<number> {
  return (await extremeEigenvalues(operator, options, run)).largest;
}

/** The smallest and the largest Ritz value: inside the spectrum, and near its ends. @throws OptionError; AbortedError. */
export async function extremeEigenvalues(
  operator: CurvatureOperator,
  options: LanczosOptions = {},
  run: RunOptions = {},
): Promise<{ readonly smallest: number; readonly largest: number }> {
  checkOperator('extremeEigenvalues', operator);
  checkOptions('extremeEigenvalues', options, ['steps', 'seed']);
  const { steps = 32, seed = 0 } = options;
  checkSteps(steps);
  const { values } = await lanczos(operator, key(seed), steps, run);
  return { smallest: Math.min(...values), largest: Math.max(...values) };
}

/**
 * The density of an operator's eigenvalues by stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017; for Hessians Ghorbani
 * et al. 2019): the mean over random starts of Ritz values with their weights.
 *
 * @example
 * const density = await spectralDensity(hessianOperator(objective));
 * const heights = density.at(grid, 0.01);
 * @throws OptionError for a misspelled or impossible option; AbortedError.
 */
export async function spectralDensity(
  operator: CurvatureOperator,
  options: SpectrumOptions = {},
  run: RunOptions = {},
): Promise<SpectralDensity> {
  checkOperator('spectralDensity', operator);
  checkOptions('spectralDensity', options, ['steps', 'seed', 'probes']);
  const { steps = 32, seed = 0, probes = 4 } = options;
  checkSteps(steps, probes);
  const found: Ritz[] = [];
  for (let probe = 0; probe < probes; probe++) {
    found.push(await lanczos(operator, foldKey(key(seed), probe), steps, run));
    run.onProgress?.({ done: probe + 1, total: probes, phase: 'Lanczos' });
  }
  const values = found.flatMap((ritz) => ritz.values);
  const weights = found.flatMap((ritz) => ritz.weights.map((weight) => weight / probes));
  const bell = (distance: number, deviation: number): number =>
    Math.exp(-0.5 * (distance / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI));
  const at = (places: readonly number[], deviation: number): number[] => {
    if (!(deviation > 0) || !Number.isFinite(deviation))
      throw new OptionError(`spectralDensity: deviation must be a positive number, got ${deviation}`);
    return Array.from(places, (place) =>
      values.reduce((total, value, i) => total + (weights[i] ?? 0) * bell(place - value, deviation), 0),
    );
  };
  return { values, weights, at };
}
