import { tensorsOf } from '../../lib/graph/tree';
import type { Contender } from '../subject';

/** A compiled function of fixed arguments; results are freed at once. */
export const calling = <A extends readonly unknown[]>(
  name: string,
  compute: (...args: A) => Promise<unknown>,
  args: A,
  against?: string,
): Contender => ({
  name,
  against,
  run: async () => {
    for (const tensor of tensorsOf(await compute(...args))) tensor.dispose();
  },
});
