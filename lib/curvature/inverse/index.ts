import { checkRecord, checkOptions, OptionError } from '../../errors';
import type { RunOptions, Tensor } from '../../graph/tensor';
import type { CurvatureOperator } from '../operators/operator';
import type { KroneckerInverseOptions } from '../kronecker/damping';
import { conjugateGradients, type CgOptions } from './conjugateGradients';
import { lissa, type LissaOptions } from './lissa';
import { neumann, type NeumannOptions } from './neumann';

/** How `A^-1 y` is found; the options of one method each. */
export type InverseOptions =
  | ({ readonly method?: 'cg' } & CgOptions)
  | KroneckerInverseOptions
  | ({ readonly method: 'lissa' } & LissaOptions)
  | ({ readonly method: 'neumann' } & NeumannOptions);

/** Solves `A x = y` for right sides that are the rows of y [K, n], float64. */
export type Solver = (operator: CurvatureOperator, y: Tensor, run: RunOptions) => Promise<Tensor>;

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  closed: ['method', 'damping', 'split'],
  cg: ['method', 'tolerance', 'maxIterations', 'preconditioner'],
  lissa: ['method', 'depth', 'scale'],
  neumann: ['method', 'terms', 'scale'],
};

/** The solver that the options ask for. @throws OptionError for a misspelled or impossible one. */
export function solverOf(options: InverseOptions): Solver {
  checkRecord('inverse', options);
  const method: string = options.method ?? 'cg';
  const known = KNOWN[method];
  if (!known) throw new OptionError(`inverse: method must be 'cg', 'lissa' or 'neumann', got '${method}'`);
  checkOptions('inverse', options, known);
  if (options.method === 'closed') throw new OptionError('inverse: only factored blocks have a closed form');
  if (options.method === 'lissa') return lissa(options);
  if (options.method === 'neumann') return neumann(options);
  return conjugateGradients(options as CgOptions);
}

export type { CgOptions, LissaOptions, NeumannOptions };
