import { checkKinds, checkTensors } from '../../graph/call';
import { evaluate } from '../../graph/evaluate';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { abs, sqrt } from '../../ops/elementwise/math';
import { add, greater, mul, neg, onesLike, square, sub, zerosLike } from '../../ops/elementwise/arithmetic';
import { checkRightSide, quotient } from './cg';
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

/** The Lanczos vectors v, the directions w, the rotations (c, s), each with its predecessor, and the residual eta. */
interface MinresState extends State {
  readonly x: Tensor;
  readonly v: Tensor;
  readonly vBefore: Tensor;
  readonly w: Tensor;
  readonly wBefore: Tensor;
  readonly beta: Tensor;
  readonly c: Tensor;
  readonly cBefore: Tensor;
  readonly s: Tensor;
  readonly sBefore: Tensor;
  readonly eta: Tensor;
  readonly length: Tensor;
}

/**
 * Solves `A x = y` for a symmetric A, which need not be definite, by the method of minimal residuals (Paige and Saunders 1975):
 * y [n], or [n, k] with all columns side by side. Its residuals never grow.
 *
 * @throws ShapeError or DTypeError when operator and right side do not fit; OptionError for a misspelled option; AbortedError
 *   when `signal` fires.
 */
export async function minres(a: Linear, y: Tensor, options: IterationOptions = {}): Promise<Iterated> {
  checkTensors('minres', { y });
  checkKinds('minres', options, ITERATION_OPTIONS);
  checkRightSide('minres', y);
  const n = extent(y.shape, 0);
  const { matvec } = squareOperatorOf('minres', a, n);
  const { tolerance = DEFAULT_TOLERANCE, maxIterations = 10 * n } = options;
  await evaluate(y, { signal: options.signal });
  const { state, residuals, converged } = await iterate<MinresState>({
    where: 'minres',
    tolerance,
    maxIterations,
    run: options,
    start: () => {
      const length = columnNorms(y);
      const v = mul(y, quotient(onesLike(length), length, greater(length, 0)));
      const [one, zero] = [onesLike(length), zerosLike(length)];
      return {
        ...{ x: zerosLike(y), v, vBefore: zerosLike(y), w: zerosLike(y), wBefore: zerosLike(y) },
        ...{ beta: zero, c: one, cBefore: one, s: zero, sBefore: zero, eta: length, length },
        measure: quotient(length, length, greater(length, 0)),
      };
    },
    step: (state) => {
      const { x, v, vBefore, w, wBefore, beta, c, cBefore, s, sBefore, eta, length, measure } = state;
      const active = greater(measure, tolerance);
      const av = matvec(v);
      const alpha = columnDots(v, av);
      const u = sub(sub(av, mul(alpha, v)), mul(beta, vBefore));
      const nextBeta = columnNorms(u);
      // The new column of the tridiagonal matrix, turned by the two rotations before and by a new one.
      const delta = sub(mul(c, alpha), mul(mul(cBefore, s), beta));
      const rho = sqrt(add(square(delta), square(nextBeta)));
      const above = add(mul(s, alpha), mul(mul(cBefore, c), beta));
      const twoAbove = mul(sBefore, beta);
      const turns = greater(rho, 0);
      const nextC = quotient(delta, rho, turns);
      const nextS = quotient(nextBeta, rho, turns);
      const free = sub(sub(v, mul(twoAbove, wBefore)), mul(above, w));
      const nextW = mul(free, quotient(onesLike(rho), rho, turns));
      const nextEta = neg(mul(nextS, eta));
      return {
        x: add(x, mul(quotient(mul(nextC, eta), onesLike(eta), active), nextW)),
        v: mul(u, quotient(onesLike(nextBeta), nextBeta, greater(nextBeta, 0))),
        vBefore: v,
        w: nextW,
        wBefore: w,
        beta: nextBeta,
        c: nextC,
        cBefore: c,
        s: nextS,
        sBefore: s,
        eta: nextEta,
        length,
        measure: quotient(abs(nextEta), length, greater(length, 0)),
      };
    },
  });
  return { solution: solutionOf(state), iterations: residuals.length - 1, converged, residuals };
}
