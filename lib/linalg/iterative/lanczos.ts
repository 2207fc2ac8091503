import { OptionError } from '../../errors';
import { checkKinds, type Kinds } from '../../graph/call';
import { compile } from '../../graph/compile';
import { tensor } from '../../graph/create';
import type { FloatDType } from '../../graph/dtype';
import { evaluate } from '../../graph/evaluate';
import { extent } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { add, div, mul, sub, zeros } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { normal } from '../../random/draw';
import { epsilonOf } from '../tolerance';
import { productTA } from '../matrices';
import { columnDots, columnNorms, free } from './iterate';
import { sizeOfOperator, squareOperatorOf, type Linear } from './operator';

export interface LanczosOptions extends RunOptions {
  /** How many steps: the size of the tridiagonal matrix. At most the size of the operator. */
  readonly steps: number;
  /** The key of a random start vector. */
  readonly key?: Tensor;
  /** The start vector [n] instead. */
  readonly start?: Tensor;
  /** The length of the vectors, where the operator is a function and there is no start vector. */
  readonly size?: number;
  /** Of the random start vector. Default float32. */
  readonly dtype?: FloatDType;
}

const LANCZOS_OPTIONS: Kinds<LanczosOptions> = {
  steps: 'number',
  key: 'tensor',
  start: 'tensor',
  size: 'number',
  dtype: 'dtype',
  signal: 'any',
  onProgress: 'any',
};

export interface Lanczos {
  /** The diagonal [k] of the tridiagonal matrix. */
  readonly alpha: Tensor;
  /** Its secondary diagonal [k - 1]. */
  readonly beta: Tensor;
  /** The orthonormal vectors [n, k] with `Q^T A Q` tridiagonal. */
  readonly basis: Tensor;
}

interface Step {
  readonly basis: Tensor;
  readonly vector: Tensor;
  readonly alpha: Tensor;
  readonly beta: Tensor;
}

/**
 * Lanczos' tridiagonalisation of a symmetric operator with full reorthogonalisation: `A Q = Q T` but for the last column, so
 * that eigenvalues of T approximate the outer ones of A (Golub and Van Loan, Matrix Computations, section 10.1). It ends early,
 * with fewer than `steps` vectors, when these span an invariant subspace.
 *
 * @throws ShapeError when operator and start do not fit; OptionError for a misspelled option, or without start and key;
 *   AbortedError when `signal` fires.
 */
export async function lanczos(a: Linear, options: LanczosOptions): Promise<Lanczos> {
  checkKinds('lanczos', options, LANCZOS_OPTIONS);
  const { steps, signal, onProgress } = options;
  const start = startVector('lanczos', a, options);
  const n = extent(start.shape, 0);
  const { matvec } = squareOperatorOf('lanczos', a, n);
  if (!Number.isSafeInteger(steps) || steps < 1 || steps > n)
    throw new OptionError(`lanczos: steps must be an integer from 1 to ${n}, got ${steps}`);
  // One program for every step: vectors that are not there yet are zero columns of the basis.
  const step = compile((basis: Tensor, vector: Tensor, place: Tensor): Step => {
    const wider = add(basis, mul(reshape(vector, [n, 1]), place));
    const av = matvec(vector);
    const alpha = columnDots(vector, av);
    const once = without(wider, av);
    const rest = without(wider, once);
    const beta = columnNorms(rest);
    return { basis: wider, vector: div(rest, beta), alpha, beta };
  }).withOptions({ signal });
  const [alphas, betas]: [number[], number[]] = [[], []];
  let basis = await evaluate(zeros([n, steps], start.dtype), { signal });
  let vector = await evaluate(div(start, columnNorms(start)), { signal });
  let largest = 0;
  for (let j = 0; j < steps; j++) {
    const place = tensor(unitVector(steps, j, start.dtype), { dtype: start.dtype });
    const next = await step(basis, vector, place);
    const [alpha, beta] = [await next.alpha.item(), await next.beta.item()];
    free([basis, vector, place, next.alpha, next.beta]);
    ({ basis, vector } = next);
    alphas.push(alpha);
    largest = Math.max(largest, Math.abs(alpha) + beta);
    onProgress?.({ done: j + 1, total: steps, phase: 'lanczos' });
    if (!(beta > 10 * n * epsilonOf(start) * largest)) break;
    if (j + 1 < steps) betas.push(beta);
  }
  const count = alphas.length;
  const made = (values: readonly number[]): Tensor => tensor([...values], { dtype: start.dtype });
  const used = await evaluate(slice(basis, { stops: [undefined, count] }), { signal });
  free([vector, ...(used === basis ? [] : [basis])]);
  return { alpha: made(alphas), beta: made(betas.slice(0, count - 1)), basis: used };
}

/** The part of x that the columns of an orthonormal basis do not span. */
function without(basis: Tensor, x: Tensor): Tensor {
  const column = reshape(x, [x.size, 1]);
  return sub(x, reshape(matmul(basis, productTA(basis, column)), x.shape));
}

function unitVector(size: number, at: number, dtype: string): Float32Array | Float64Array {
  const values = dtype === 'float64' ? new Float64Array(size) : new Float32Array(size);
  values[at] = 1;
  return values;
}

/** The start vector that the options name, or a random one. */
export function startVector(
  where: string,
  a: Linear,
  { key, start, size, dtype = 'float32' }: Pick<LanczosOptions, 'key' | 'start' | 'size' | 'dtype'>,
): Tensor {
  if (start) return start;
  if (!key) throw new OptionError(`${where}: a start vector or a key for a random one expected`);
  return normal(key, [sizeOfOperator(where, a, size)], { dtype });
}
