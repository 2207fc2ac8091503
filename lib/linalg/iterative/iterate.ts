import { type Kinds } from '../../graph/call';
import { OptionError } from '../../errors';
import { compile } from '../../graph/compile';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { tensorsOf } from '../../graph/tree';
import { mul, square } from '../../ops/elementwise/arithmetic';
import { sqrt } from '../../ops/elementwise/math';
import { sum } from '../../ops/reduce/sum';

/** When an iteration ends. */
export interface IterationOptions extends RunOptions {
  /** The relative residual at which a solution is good enough. Default 1e-5, as in SciPy and JAX. */
  readonly tolerance?: number;
  /** Default ten times the number of unknowns, as in SciPy. */
  readonly maxIterations?: number;
}

export interface Iterated {
  /** [n] or [n, k], like the right side. */
  readonly solution: Tensor;
  readonly iterations: number;
  /** Whether every right side reached the tolerance. */
  readonly converged: boolean;
  /** The largest relative residual over the right sides: at the start, and after every iteration. */
  readonly residuals: readonly number[];
}

export const DEFAULT_TOLERANCE = 1e-5;
export const ITERATION_OPTIONS: Kinds<IterationOptions> = {
  tolerance: 'number',
  maxIterations: 'number',
  signal: 'any',
  onProgress: 'any',
};

/** Throws unless the tolerance is not negative and the number of iterations an integer. */
export function checkIteration(where: string, tolerance: number, maxIterations: number): void {
  if (!(tolerance >= 0)) {
    throw new OptionError(`${where}: tolerance must be a number of 0 or more, got ${tolerance}`);
  }
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 0) {
    throw new OptionError(`${where}: maxIterations must be an integer of 0 or more, got ${maxIterations}`);
  }
}

/** Inner products of columns, [1] or [1, k]. */
export const columnDots = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b), { axis: 0, keepDims: true });
/** Lengths of columns, [1] or [1, k]. */
export const columnNorms = (x: Tensor): Tensor => sqrt(sum(square(x), { axis: 0, keepDims: true }));

/** State of an iteration: tensors by name, among them a measure per column of how far it is from the end. */
export interface State {
  readonly [name: string]: Tensor;
  readonly measure: Tensor;
}

export interface Iteration<S extends State> {
  readonly where: string;
  readonly start: () => S;
  readonly step: (state: S) => S;
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly run: RunOptions;
  /** Looks at a new state's measures, and may throw. */
  readonly inspect?: (measures: readonly number[]) => void;
}

/**
 * Runs an iteration until the largest measure is at most the tolerance: each step is one program, compiled once. The states
 * before the last are freed.
 */
export async function iterate<S extends State>(
  iteration: Iteration<S>,
): Promise<{ state: S; residuals: number[]; converged: boolean }> {
  const { where, start, step, tolerance, maxIterations, run, inspect } = iteration;
  checkIteration(where, tolerance, maxIterations);
  const options: RunOptions = { signal: run.signal };
  const compiled = compile(step).withOptions(options);
  let state = await compile(start).withOptions(options)();
  const residuals: number[] = [];
  for (;;) {
    const measures = [...(await state.measure.data(options))].map(Number);
    inspect?.(measures);
    const largest = measures.reduce((most, x) => (x > most || Number.isNaN(x) ? x : most), 0);
    residuals.push(largest);
    const done = residuals.length - 1;
    run.onProgress?.({ done, total: maxIterations, phase: where });
    const converged = largest <= tolerance;
    if (converged || done >= maxIterations || Number.isNaN(largest)) return { state, residuals, converged };
    const next = await compiled(state);
    free(state);
    state = next;
  }
}

/** Frees the tensors of a tree that nobody else holds. */
export function free(tree: unknown): void {
  for (const tensor of tensorsOf(tree)) tensor.dispose();
}

/** The solution in a final state; the other parts are freed. */
export function solutionOf({ x, ...others }: State & { readonly x: Tensor }): Tensor {
  free(others);
  return x;
}
