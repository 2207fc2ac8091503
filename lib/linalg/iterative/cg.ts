import { PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { evaluate } from '../../graph/evaluate';
import { add, div, full, greater, mul, onesLike, sub, zerosLike } from '../../ops/elementwise/arithmetic';
import { where } from '../../ops/elementwise/math';
import { checkFloats } from '../../ops/floats';
import {
  columnDots,
  columnNorms,
  DEFAULT_TOLERANCE,
  iterate,
  type Iterated,
  ITERATION_OPTIONS,
  type IterationOptions,
  solutionOf,
  type State,
} from './iterate';
import { squareOperatorOf, type Linear } from './operator';

export interface CgOptions extends IterationOptions {
  /** Where to start, of the shape of the right side. Default zero. */
  readonly start?: Tensor;
  /** An approximation of the inverse, symmetric positive definite: `x -> M^-1 x`. Default none. */
  readonly preconditioner?: (x: Tensor) => Tensor;
}

const CG_OPTIONS: Kinds<CgOptions> = { ...ITERATION_OPTIONS, start: 'tensor', preconditioner: 'any' };

interface CgState extends State {
  readonly x: Tensor;
  readonly r: Tensor;
  readonly p: Tensor;
  /** `r^T M^-1 r` per column. */
  readonly rz: Tensor;
}

/** `a / b`, and 0 in columns that are done, where both may be. */
export const quotient = (a: Tensor, b: Tensor, counts: Tensor): Tensor =>
  where(counts, div(a, where(counts, b, onesLike(b))), zerosLike(a));

/** `|r| / |y|`, and 0 where y is. */
export function relative(r: Tensor, y: Tensor): Tensor {
  const length = columnNorms(y);
  return quotient(columnNorms(r), length, greater(length, 0));
}

/** Throws unless y is a float vector or columns of them. */
export function checkRightSide(where: string, y: Tensor): void {
  checkFloats(where, y);
  if (y.shape.length === 1 || y.shape.length === 2) return;
  throw new ShapeError(`${where}: a right side [n] or [n, k] expected, got shape ${formatShape(y.shape)}`);
}

/**
 * Solves `A x = y` for a symmetric positive definite A that is known by its products alone, by the method of conjugate gradients
 * (Hestenes and Stiefel 1952), preconditioned if need be: y [n], or [n, k] with all columns side by side.
 *
 * @example
 * const { solution } = await cg((x) => hvp(loss)(params, x), gradient, { tolerance: 1e-6 });
 * @throws ShapeError or DTypeError when operator and right side do not fit; OptionError for a misspelled option; PalimpsestError
 *   ERR_NOT_POSITIVE_DEFINITE when a direction of negative curvature is met; AbortedError when `signal` fires.
 */
export async function cg(a: Linear, y: Tensor, options: CgOptions = {}): Promise<Iterated> {
  checkTensors('cg', { y });
  checkKinds('cg', options, CG_OPTIONS);
  checkRightSide('cg', y);
  const n = extent(y.shape, 0);
  const { matvec } = squareOperatorOf('cg', a, n);
  const { start, preconditioner = (x: Tensor): Tensor => x, tolerance = DEFAULT_TOLERANCE } = options;
  if (start && !sameShape(start.shape, y.shape)) {
    throw new ShapeError(
      `cg: a start of shape ${formatShape(y.shape)} expected, got ${formatShape(start.shape)}`,
    );
  }
  await evaluate([y, start], { signal: options.signal });
  const { state, residuals, converged } = await iterate<CgState>({
    where: 'cg',
    tolerance,
    maxIterations: options.maxIterations ?? 10 * n,
    run: options,
    inspect: refuseNegative,
    start: () => {
      const r = start ? sub(y, matvec(start)) : add(y, 0);
      const z = preconditioner(r);
      const x = start ? add(start, 0) : zerosLike(y);
      return { x, r, p: add(z, 0), rz: columnDots(r, z), measure: relative(r, y) };
    },
    step: ({ x, r, p, rz, measure }) => {
      const ap = matvec(p);
      const active = greater(measure, tolerance);
      const curvature = columnDots(p, ap);
      const alpha = quotient(rz, curvature, active);
      const nextR = sub(r, mul(alpha, ap));
      const z = preconditioner(nextR);
      const nextRz = columnDots(nextR, z);
      const beta = quotient(nextRz, rz, active);
      const isNegative = greater(mul(curvature, -1), 0);
      const next = relative(nextR, y);
      return {
        x: add(x, mul(alpha, p)),
        r: nextR,
        p: add(z, mul(beta, p)),
        rz: nextRz,
        // A measure below zero is a column with negative curvature.
        measure: where(isNegative, where(active, full([], -1, next.dtype), next), next),
      };
    },
  });
  return { solution: solutionOf(state), iterations: residuals.length - 1, converged, residuals };
}

function refuseNegative(measures: readonly number[]): void {
  const column = measures.findIndex((measure) => measure < 0);
  if (column < 0) return;
  throw new PalimpsestError(
    'ERR_NOT_POSITIVE_DEFINITE',
    `cg: a positive definite operator expected, column ${column} met a direction of negative curvature; ` +
      'add damping, or use minres',
  );
}
