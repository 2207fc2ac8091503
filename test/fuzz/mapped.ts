import type { Tensor } from '../../lib/graph/tensor';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { stack } from '../../lib/ops/shape/concat';
import { vmap } from '../../lib/transforms/vmap';
import type { NdArray } from '../support/array';
import { build, type Graph } from './graph';
import type { valueJudge } from './values';
import type { Question } from './verdict';

/** Another member in front: whatever mixes them, shows. */
const OTHER = 0.99;

/** A batch of something else and of x. */
export const twoMembers = (x: Tensor): Tensor => stack([mul(x, OTHER), x]);

const secondMember = ({ shape, data }: NdArray): NdArray => ({
  shape: shape.slice(1),
  data: data.slice(data.length / 2),
});

/** The same results for a batch. */
export function mappedQuestion(
  graph: Graph,
  leaves: readonly Tensor[],
  results: readonly number[],
  judge: ReturnType<typeof valueJudge>,
): Question {
  const variables = graph.leaves.flatMap(({ variable }, i) => (variable ? [i] : []));
  const all = (theta: readonly Tensor[]): Tensor[] => {
    const values = build(
      graph,
      leaves.map((leaf, i) => theta[variables.indexOf(i)] ?? leaf),
    );
    return results.map((value) => values[value]!);
  };
  return {
    tensors: vmap(all)(variables.map((i) => twoMembers(leaves[i]!))),
    judge: (answers) => judge(answers.map(secondMember), ' under vmap'),
  };
}
