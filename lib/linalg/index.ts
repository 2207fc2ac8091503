export { cholesky } from './factor/cholesky';
export { eigh, eigvalsh, type Eigh } from './factor/eigh';
export { lu, type Lu } from './factor/luParts';
export { qr, type Qr, type QrOptions } from './factor/qr';
export { randomizedSvd, type RandomizedSvdOptions } from './factor/randomizedSvd';
export { svd, svdvals, type Svd, type SvdOptions } from './factor/svd';
export { det, slogdet, type Slogdet } from './functions/determinant';
export { matrixExponential } from './functions/matrixExponential';
export {
  cond,
  matrixNorm,
  type CondOptions,
  type MatrixNormOptions,
  type MatrixNormOrder,
} from './functions/matrixNorm';
export { matrixPower } from './functions/matrixPower';
export { matrixRank, type MatrixRankOptions } from './functions/matrixRank';
export { inverseSqrtSpd, sqrtSpd } from './functions/sqrtSpd';
export { choleskySolve } from './solve/choleskySolve';
export { factorLu, type LuFactor, type LuSolveOptions } from './solve/factorLu';
export { factorSpd, type SpdFactor } from './solve/factorSpd';
export { lstsq, type Lstsq, type LstsqOptions } from './solve/lstsq';
export { pinv, type PinvOptions } from './solve/pinv';
export { inverse, solve } from './solve/solve';
export { solveLyapunov } from './solve/solveLyapunov';
export { solveSpd } from './solve/solveSpd';
export { triangularSolve, type TriangularSolveOptions } from './solve/triangularSolve';
export { cg, type CgOptions } from './iterative/cg';
export type { Iterated, IterationOptions } from './iterative/iterate';
export { lanczos, type Lanczos, type LanczosOptions } from './iterative/lanczos';
export { lsmr, type LsmrOptions } from './iterative/lsmr';
export { minres } from './iterative/minres';
export type { Linear, LinearOperator } from './iterative/operator';
export { powerIteration, type DominantPair, type PowerIterationOptions } from './iterative/powerIteration';
export {
  hutchinsonDiagonal,
  hutchinsonTrace,
  hutchPlusPlus,
  type TraceEstimate,
  type TraceOptions,
} from './iterative/traces';
export { xTrace } from './iterative/xTrace';
export { assignment, type Assignment, type AssignmentOptions } from './optimal/assignment';
export { elasticNet, lasso, type ElasticNet, type ElasticNetOptions } from './optimal/elasticNet';
export {
  projectCappedSimplex,
  projectSimplex,
  type CappedSimplexOptions,
  type SimplexOptions,
} from './optimal/simplex';
