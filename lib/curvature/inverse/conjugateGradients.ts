import { OptionError, PalimpsestError } from '../../errors';
import { compile } from '../../graph/compile';
import { evaluate } from '../../graph/evaluate';
import type { Tensor } from '../../graph/tensor';
import { add, div, greater, mul, onesLike, sub, where, zerosLike } from '../../ops/elementwise';
import { sum } from '../../ops/reduce';
import type { CurvatureOperator } from '../operators/operator';
import { checkOperator, fromRows, quiet, toRows } from '../vectors';
import type { Solver } from './index';

export interface CgOptions {
  /** The relative residual at which a solution is good enough. Default 1e-5. */
  readonly tolerance?: number;
  /** Default 100. */
  readonly maxIterations?: number;
  /** An operator near `A^-1`, for instance the inverse of a Kronecker approximation. Default none. */
  readonly preconditioner?: CurvatureOperator;
}

interface State {
  readonly x: Tensor;
  readonly r: Tensor;
  readonly p: Tensor;
  /** `<r, M^-1 r>` per row, [K, 1]. */
  readonly rz: Tensor;
}

const dots = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b), { axis: 1, keepDims: true });
/** `a / b`, and 0 for rows that are solved, where both are 0. */
const ratio = (a: Tensor, b: Tensor): Tensor => {
  const counts = greater(b, 0);
  return where(counts, div(a, where(counts, b, onesLike(b))), zerosLike(a));
};

const walk = compile((state: State, ap: Tensor) => {
  const curvature = dots(state.p, ap);
  const alpha = ratio(state.rz, curvature);
  const r = sub(state.r, mul(alpha, ap));
  return { x: add(state.x, mul(alpha, state.p)), r, curvature, squares: dots(r, r) };
});

const turn = compile((r: Tensor, z: Tensor, p: Tensor, rz: Tensor) => {
  const next = dots(r, z);
  return { p: add(z, mul(ratio(next, rz), p)), rz: next };
});

/**
 * The method of conjugate gradients (Hestenes and Stiefel 1952) for all rows side by side.
 * @throws PalimpsestError ERR_NOT_POSITIVE_DEFINITE for a direction of negative curvature, ERR_NO_CONVERGENCE when
 *   `maxIterations` do not reach the tolerance; AbortedError.
 */
export function conjugateGradients(options: CgOptions): Solver {
  const { tolerance = 1e-5, maxIterations = 100, preconditioner } = options;
  if (!(tolerance > 0)) throw new OptionError(`inverse: tolerance must be positive, got ${tolerance}`);
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 1)
    throw new OptionError(`inverse: maxIterations must be a positive integer, got ${maxIterations}`);
  if (preconditioner !== undefined) checkOperator('inverse: preconditioner', preconditioner);
  return async (operator, y, run) => {
    const times = async (by: CurvatureOperator, rows: Tensor): Promise<Tensor> =>
      evaluate(toRows(by.parameters, await by.matvec(fromRows(by.parameters, rows), quiet(run))), run);
    const improved = (r: Tensor): Promise<Tensor> =>
      preconditioner ? times(preconditioner, r) : Promise.resolve(r);
    const [start, sizes] = await evaluate([mul(y, 0), dots(y, y)] as const, run);
    const goals = [...(await sizes.data<'float64'>())].map((square) => square * tolerance ** 2);
    const first = await improved(y);
    let state: State = { x: start, r: y, p: first, rz: await evaluate(dots(y, first)) };
    for (let iteration = 1; iteration <= maxIterations; iteration++) {
      const { x, r, curvature, squares } = await walk(state, await times(operator, state.p));
      const left = [...(await squares.data<'float64'>())];
      const open = left.map((square, i) => square > (goals[i] ?? 0));
      const curvatures = await curvature.data<'float64'>();
      if (curvatures.some((value, i) => open[i] === true && !(value > 0))) {
        throw new PalimpsestError(
          'ERR_NOT_POSITIVE_DEFINITE',
          `inverse: conjugate gradients met a direction of curvature ${Math.min(...curvatures)}; add damping`,
        );
      }
      run.onProgress?.({ done: iteration, total: maxIterations, phase: 'conjugate gradients' });
      if (!open.includes(true)) return x;
      state = { x, r, ...(await turn(r, await improved(r), state.p, state.rz)) };
    }
    throw new PalimpsestError(
      'ERR_NO_CONVERGENCE',
      `inverse: ${maxIterations} conjugate gradients do not reach a relative residual of ${tolerance}; add damping, a ` +
        'preconditioner or iterations',
    );
  };
}
