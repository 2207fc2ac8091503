import type { Contest, Params } from '../contest';
import * as decompositions from './decompositions';
import * as derivatives from './derivatives';
import * as edits from './edits';
import { erasure } from './erasure';
import { kfac } from './kronecker';
import * as layers from './layers';
import { overhead } from './overheads';
import * as products from './products';
import * as statistics from './statistics';
import * as sweeps from './sweeps';

/** Our side of every job, by the job's name. */
export const contests: Readonly<Record<string, (params: Params) => Promise<Contest>>> = {
  gradient: derivatives.gradient,
  hvp: derivatives.hessianVector,
  linearize: derivatives.firstLinearized,
  linearized: derivatives.linearized,
  gnvp: derivatives.gaussNewton,
  fisher: statistics.fisher,
  statistic: statistics.statistic,
  ssd: sweeps.ssd,
  adamw: sweeps.adamwStep,
  lowrank: edits.lowRank,
  ridge: edits.ridge,
  erasure,
  kfac,
  overhead,
  matmul: products.product,
  layers: layers.layer,
  eigh: decompositions.eigen,
  cholesky: decompositions.choleskyOf,
};
