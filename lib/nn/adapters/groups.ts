import { checkFunction } from '../../errors';
import { checkParameters, type Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import { add, square } from '../../ops/elementwise/arithmetic';
import { sqrt } from '../../ops/elementwise/math';
import { rootOrZero } from '../../ops/reduce/rootOrZero';
import { sum } from '../../ops/reduce/sum';

/** The block that a parameter belongs to: its name up to the first number; all of a name without one. */
export const blockOf = (name: string): string => /^(?:.*?\.)?\d+(?=\.)/.exec(name)?.[0] ?? name;

/**
 * The norms of groups of adapter parameters, `sqrt(sum_{theta in group} ||theta||^2)`: their sum, times a factor, is the group-sparse
 * penalty of GS-LoRA (Zhao et al. 2024), which turns whole blocks off. Differentiable; the derivative of a group of zeros is 0.
 *
 * @param groupOf which group a name belongs to. Default: its block.
 * @example
 * const penalty = [...groupNorms(small).values()].reduce((total, norm) => add(total, norm));
 */
export function groupNorms(
  small: Parameters,
  groupOf: (name: string) => string = blockOf,
): ReadonlyMap<string, Tensor> {
  checkParameters('groupNorms', small);
  checkFunction('groupNorms', groupOf, 'a function of names');
  const totals = new Map<string, Tensor>();
  for (const [name, tensor] of small) {
    const group = groupOf(name);
    const before = totals.get(group);
    const own = sum(square(tensor));
    totals.set(group, before ? add(before, own) : own);
  }
  return new Map([...totals].map(([group, total]) => [group, rootOrZero(total, sqrt)]));
}
