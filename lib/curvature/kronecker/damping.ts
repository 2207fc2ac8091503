import { OptionError } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { add, div, full, mul } from '../../ops/elementwise/arithmetic';
import { mean } from '../../ops/reduce/reduce';

/**
 * What is added to eigenvalues before they are inverted: a number, or a share of their mean in every parameter by itself. A tenth
 * of the mean is what influence functions of large models use (Grosse et al. 2023).
 */
export type Damping = number | { readonly relative: number };

/** How factored blocks are inverted. */
export interface KroneckerInverseOptions {
  /** The only one there is. */
  readonly method?: 'closed';
  /** Default `{ relative: 0.1 }`. */
  readonly damping?: Damping;
  /**
   * `'eigenvalues'` (default) adds the damping to the eigenvalues of the whole block, exactly. `'factors'` adds its root to each
   * factor, balanced by their traces (pi correction, Martens and Grosse 2015, section 6.3), as optimisers do; K-FAC only, and a
   * number only.
   */
  readonly split?: 'eigenvalues' | 'factors';
}

export const DEFAULT_DAMPING: Damping = { relative: 0.1 };

/** @throws OptionError for a damping that is not positive. */
export function checkDamping(where: string, damping: Damping): void {
  // JavaScript callers may give anything.
  const given: unknown = damping;
  const value: unknown =
    typeof given === 'object' && given !== null ? (given as { relative?: unknown }).relative : given;
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return;
  throw new OptionError(
    `${where}: damping must be a positive number or { relative: number }, got ${JSON.stringify(damping)}`,
  );
}

/** The number to add to these eigenvalues, a scalar. */
export const dampingOf = (damping: Damping, eigenvalues: Tensor): Tensor =>
  typeof damping === 'number'
    ? full([], damping, eigenvalues.dtype)
    : mul(mean(eigenvalues), damping.relative);

/** `1 / (Lambda + lambda)` */
export const invertedBy = (damping: Damping, eigenvalues: Tensor): Tensor =>
  div(1, add(eigenvalues, dampingOf(damping, eigenvalues)));
