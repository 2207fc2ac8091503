import { several, type OpRecord } from './op';
import { sizeOf } from './shape';
import type { Spec } from './tensor';

/** How many floating-point operations an application of an op makes: a multiply-add counts as two. */
export type FlopRule<A> = NonNullable<OpRecord<A>['flops']>;

/** For ops that only move elements. */
export const movesData = (): number => 0;

/** So many operations for every element of the first output. */
export const perOutput =
  (count: number): FlopRule<object> =>
  (_inputs, [y]) =>
    count * sizeOf(y.shape);

const onePerOutput = perOutput(1);

/** So many operations for every element of the first input: reductions, normalisations, scatters. */
export const perInput =
  (count: number): FlopRule<object> =>
  ([x]) =>
    count * sizeOf(x.shape);

/**
 * The operations of one application, by the op's own rule; without one they are one per element of the first output, and
 * none for an alias. Rules are formulas (n^3 / 3, n log n), counts are whole: rounded.
 */
export function flopsOf<A>(
  op: OpRecord<A>,
  inputs: readonly Spec[],
  outputs: readonly Spec[],
  attributes: A,
): number {
  if (typeof op.lower === 'string') return 0;
  const rule = op.flops ?? onePerOutput;
  return Math.round(rule(several(inputs), several(outputs), attributes as A & object));
}
