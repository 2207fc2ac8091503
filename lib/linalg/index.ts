export { cholesky } from './factor/cholesky';
export { eigh, eigvalsh, type Eigh } from './factor/eigh';
export { qr, type Qr, type QrOptions } from './factor/qr';
export { svd, svdvals, type Svd, type SvdOptions } from './factor/svd';
export { choleskySolve } from './solve/choleskySolve';
export { factorSpd, type SpdFactor } from './solve/factorSpd';
export { solveSpd } from './solve/solveSpd';
export { triangularSolve, type TriangularSolveOptions } from './solve/triangularSolve';
