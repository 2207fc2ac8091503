import { checkKinds, type Kinds } from '../../graph/call';
import { evaluate } from '../../graph/evaluate';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { greater, mul, onesLike, sub } from '../../ops/elementwise/arithmetic';
import { abs } from '../../ops/elementwise/math';
import {
  columnDots,
  columnNorms,
  free,
  ITERATION_OPTIONS,
  iterate,
  type IterationOptions,
  type State,
} from './iterate';
import { quotient } from './cg';
import { startVector, type LanczosOptions } from './lanczos';
import { squareOperatorOf, type Linear } from './operator';

export interface PowerIterationOptions
  extends IterationOptions, Pick<LanczosOptions, 'key' | 'start' | 'size' | 'dtype'> {}

const POWER_ITERATION_OPTIONS: Kinds<PowerIterationOptions> = {
  ...ITERATION_OPTIONS,
  key: 'tensor',
  start: 'tensor',
  size: 'number',
  dtype: 'dtype',
};

export interface DominantPair {
  /** The eigenvalue of largest absolute value. */
  readonly value: number;
  /** Its eigenvector [n], of length 1. */
  readonly vector: Tensor;
  readonly iterations: number;
  readonly converged: boolean;
  /** `|A v - value v| / |value|` at the start and after every iteration. */
  readonly residuals: readonly number[];
}

interface PowerState extends State {
  readonly v: Tensor;
  readonly av: Tensor;
  readonly value: Tensor;
}

/**
 * The eigenvalue of largest absolute value of a symmetric operator, and its vector, by repeated multiplication. It converges as
 * the ratio of the two largest does; `lanczos` is much faster and gives more of them.
 *
 * @throws ShapeError when operator and start do not fit; OptionError for a misspelled option, or without start and key;
 *   AbortedError when `signal` fires.
 */
export async function powerIteration(a: Linear, options: PowerIterationOptions): Promise<DominantPair> {
  checkKinds('powerIteration', options, POWER_ITERATION_OPTIONS);
  const first = startVector('powerIteration', a, options);
  const n = extent(first.shape, 0);
  const { matvec } = squareOperatorOf('powerIteration', a, n);
  await evaluate(first, { signal: options.signal });
  const at = (x: Tensor): PowerState => {
    const length = columnNorms(x);
    const v = mul(x, quotient(onesLike(length), length, greater(length, 0)));
    const av = matvec(v);
    const value = columnDots(v, av);
    const gap = columnNorms(sub(av, mul(value, v)));
    return { v, av, value, measure: quotient(gap, abs(value), greater(abs(value), 0)) };
  };
  const { state, residuals, converged } = await iterate<PowerState>({
    where: 'powerIteration',
    tolerance: options.tolerance ?? 1e-5,
    maxIterations: options.maxIterations ?? 1000,
    run: options,
    start: () => at(first),
    step: ({ av }) => at(av),
  });
  const value = await state.value.item();
  const { v, ...others } = state;
  free(others);
  return { value, vector: v, iterations: residuals.length - 1, converged, residuals };
}
