import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { evaluate } from '../../graph/evaluate';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import {
  add,
  greater,
  mul,
  neg,
  onesLike,
  square,
  sub,
  zeros,
  zerosLike,
} from '../../ops/elementwise/arithmetic';
import { abs, sqrt } from '../../ops/elementwise/math';
import { checkRightSide, quotient } from './cg';
import {
  columnNorms,
  DEFAULT_TOLERANCE,
  iterate,
  type Iterated,
  ITERATION_OPTIONS,
  type IterationOptions,
  solutionOf,
  type State,
} from './iterate';
import { operatorOf, type LinearOperator } from './operator';

export interface LsmrOptions extends IterationOptions {
  /** The lambda of `|A x - y|^2 + lambda^2 |x|^2`. Default 0. */
  readonly damping?: number;
}

const LSMR_OPTIONS: Kinds<LsmrOptions> = { ...ITERATION_OPTIONS, damping: 'number' };

/** The bidiagonalisation (u, v, alpha), the rotations, and the directions h; names as in the paper. */
interface LsmrState extends State {
  readonly x: Tensor;
  readonly u: Tensor;
  readonly v: Tensor;
  readonly h: Tensor;
  readonly hBar: Tensor;
  readonly alpha: Tensor;
  readonly alphaBar: Tensor;
  readonly zetaBar: Tensor;
  readonly rho: Tensor;
  readonly rhoBar: Tensor;
  readonly cBar: Tensor;
  readonly sBar: Tensor;
  readonly zetaFirst: Tensor;
}

const hypotenuse = (a: Tensor, b: Tensor): Tensor => sqrt(add(square(a), square(b)));
const ratio = (a: Tensor, b: Tensor): Tensor => quotient(a, b, greater(abs(b), 0));
/** Columns of length 1, and their lengths. */
const normalised = (x: Tensor): [Tensor, Tensor] => {
  const length = columnNorms(x);
  return [mul(x, ratio(onesLike(length), length)), length];
};

/**
 * The x that minimises `|A x - y|^2 + damping^2 |x|^2` for any A [m, n] that is known by its products and those of its
 * transpose (Fong and Saunders 2011, LSMR): y [m], or [m, k] with all columns side by side. The residuals are those of the normal
 * equations, `|A^T r|` relative to the start, which never grow.
 *
 * @throws ShapeError or DTypeError when operator and right side do not fit, or the operator has no adjoint; OptionError for a
 *   misspelled option or a negative damping; AbortedError when `signal` fires.
 */
export async function lsmr(
  a: Tensor | LinearOperator,
  y: Tensor,
  options: LsmrOptions = {},
): Promise<Iterated> {
  checkTensors('lsmr', { y });
  checkKinds('lsmr', options, LSMR_OPTIONS);
  checkRightSide('lsmr', y);
  const { damping = 0, tolerance = DEFAULT_TOLERANCE } = options;
  if (!(damping >= 0 && Number.isFinite(damping)))
    throw new OptionError(`lsmr: damping must be a number of 0 or more, got ${damping}`);
  const operator = operatorOf('lsmr', a, extent(y.shape, 0));
  const { adjoint } = operator;
  if (!adjoint) throw new ShapeError('lsmr: an operator with an adjoint expected');
  const n = operator.shape[1];
  await evaluate(y, { signal: options.signal });
  const { state, residuals, converged } = await iterate<LsmrState>({
    where: 'lsmr',
    tolerance,
    maxIterations: options.maxIterations ?? 10 * n,
    run: options,
    start: () => {
      const [u, beta] = normalised(y);
      const [v, alpha] = normalised(adjoint(u));
      const x = zeros([n, ...y.shape.slice(1)], y.dtype);
      const [one, zero] = [onesLike(beta), zerosLike(beta)];
      const zeta = mul(alpha, beta);
      return {
        ...{ x, u, v, h: v, hBar: x, alpha, alphaBar: alpha, zetaBar: zeta, zetaFirst: zeta },
        ...{ rho: one, rhoBar: one, cBar: one, sBar: zero, measure: ratio(zeta, zeta) },
      };
    },
    step: (state) => {
      const active = greater(state.measure, tolerance);
      const [u, beta] = normalised(sub(operator.matvec(state.v), mul(state.alpha, state.u)));
      const [v, alpha] = normalised(sub(adjoint(u), mul(beta, state.v)));
      // The rotations: by the damping, of the bidiagonal matrix, and of its transpose.
      const alphaHat = hypotenuse(state.alphaBar, add(zerosLike(beta), damping));
      const rho = hypotenuse(alphaHat, beta);
      const [c, s] = [ratio(alphaHat, rho), ratio(beta, rho)];
      const theta = mul(s, alpha);
      const thetaBar = mul(state.sBar, rho);
      const rhoBar = hypotenuse(mul(state.cBar, rho), theta);
      const cBar = ratio(mul(state.cBar, rho), rhoBar);
      const sBar = ratio(theta, rhoBar);
      const zeta = mul(cBar, state.zetaBar);
      const zetaBar = neg(mul(sBar, state.zetaBar));
      const back = ratio(mul(thetaBar, rho), mul(state.rho, state.rhoBar));
      const hBar = sub(state.h, mul(back, state.hBar));
      const stepLength = quotient(ratio(zeta, mul(rho, rhoBar)), onesLike(zeta), active);
      return {
        x: add(state.x, mul(stepLength, hBar)),
        h: sub(v, mul(ratio(theta, rho), state.h)),
        ...{ u, v, hBar, alpha, alphaBar: mul(c, alpha), zetaBar, rho, rhoBar, cBar, sBar },
        zetaFirst: state.zetaFirst,
        measure: ratio(abs(zetaBar), state.zetaFirst),
      };
    },
  });
  return { solution: solutionOf(state), iterations: residuals.length - 1, converged, residuals };
}
