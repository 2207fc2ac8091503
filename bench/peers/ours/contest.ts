import { compile } from '../../../lib/graph/compile';
import type { Tensor } from '../../../lib/graph/tensor';
import type { Contest } from '../contest';

/** The contest of a compiled function of fixed arguments. */
export function compiled<A extends readonly unknown[]>(
  compute: (...args: A) => unknown,
  args: A,
  rest: Omit<Contest, 'run'> = {},
): Contest {
  const program = compile(compute);
  return { run: () => program(...args), ...rest };
}

export const number = (value: string | number | boolean | undefined): number => {
  if (typeof value !== 'number') throw new Error(`a number expected, got ${String(value)}`);
  return value;
};

export type Pair = readonly [Tensor, Tensor];
