import { ShapeError } from '../../errors';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { defineOp, type AxisUse, type BatchRule, type Several } from '../../graph/op';
import { extent, formatShape, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { mergeBatch, shapeOf } from '../batching';
import { mul, sub } from '../elementwise/arithmetic';
import { checkFloats, checkRank, checkSame } from '../floats';
import { broadcastTo, sum } from '../reduce/sum';
import { reshape } from '../shape/reshape';
import {
  biasCotangent,
  plainAttention,
  plainAttentionGrad,
  plainTangent,
  type AttentionInputs,
  type ScoreRule,
} from './plainAttention';

/** The attributes, and whether there is a bias behind q, k and v. */
export interface AttentionAttributes extends ScoreRule {
  readonly hasBias: boolean;
}

const numbers = ({ scale, softCap, causal, window, prefix }: ScoreRule): number[] => [
  scale,
  softCap,
  Number(causal),
  window,
  prefix,
];

const inputsOf = ([q, k, v, bias]: Several<Tensor>, { hasBias }: AttentionAttributes): AttentionInputs => ({
  q,
  k,
  v,
  bias: hasBias ? bias : undefined,
});

interface Extents {
  readonly output: Shape;
  readonly perQuery: Shape;
}

/** How many pairs of a query and a key that it sees there are, over all heads. */
function pairsOf([q, k]: Several<Spec>, { causal, window, prefix }: ScoreRule): number {
  const [examples = 0, heads = 0, queries = 0] = q.shape;
  const steps = extent(k.shape, 2) - prefix;
  let seen = queries * prefix;
  for (let t = 0; t < queries; t++) {
    const time = t + steps - queries;
    const end = causal ? time + 1 : window > 0 ? time + window : steps;
    const begin = window > 0 ? time - window + 1 : 0;
    seen += Math.max(0, Math.min(end, steps) - Math.max(begin, 0));
  }
  return examples * heads * seen;
}

/** Checks q [N, H, Tq, D], k [N, Hk, Tk, D], v [N, Hk, Tk, Dv] and the bias; the shapes of what comes out. */
function checkInputs(
  where: string,
  [q, k, v, bias]: Several<Spec>,
  { hasBias }: AttentionAttributes,
): Extents {
  checkFloats(where, q, k, v, ...(hasBias ? [bias] : []));
  checkRank(where, q, 4, 'queries [N, H, Tq, D]');
  checkRank(where, k, 4, 'keys [N, Hk, Tk, D]');
  checkRank(where, v, 4, 'values [N, Hk, Tk, Dv]');
  const [examples = 0, heads = 0, queries = 0, width = 0] = q.shape;
  const [, keyHeads = 0, keys = 0] = k.shape;
  const valueWidth = v.shape[3] ?? 0;
  checkSame(where, 'keys', k, [examples, keyHeads, keys, width]);
  checkSame(where, 'values', v, [examples, keyHeads, keys, valueWidth]);
  if (width === 0) throw new ShapeError(`${where}: queries of one number or more expected, got none`);
  if (keyHeads === 0 ? heads !== 0 : heads % keyHeads !== 0) {
    throw new ShapeError(
      `${where}: a multiple of the ${keyHeads} heads of the keys expected, got ${heads} heads`,
    );
  }
  if (hasBias) {
    const full = [examples, heads, queries];
    const fits = bias.shape.length === 4 && full.every((n, axis) => [1, n].includes(bias.shape[axis] ?? 0));
    if (!fits || bias.shape[3] !== keys) {
      throw new ShapeError(
        `${where}: a bias for ${formatShape([...full, keys])} expected, got ${formatShape(bias.shape)}`,
      );
    }
  }
  return { output: [examples, heads, queries, valueWidth], perQuery: [examples, heads, queries] };
}

/** Examples stay apart along axis 0; a bias may be the same for all. */
function sameExample(use: AxisUse<AttentionAttributes>): ExampleAxis {
  const axis = agreedAxis(use);
  if (axis.axis !== 0) return use.mixes('it is computed over all axes but the first');
  const count = use.outputs[0].shape[0];
  const isRepeated = ({ shape }: Spec, which: number): boolean =>
    !use.axes[which] && shape[0] === count && count !== 1;
  if (Array.from(use.inputs).some(isRepeated)) {
    return use.mixes('one of its inputs has an entry per example, but no examples');
  }
  return axis;
}

/** The members of a batch are so many more examples; a bias that is the same for all of them stays as it is. */
const moreExamples: BatchRule<AttentionAttributes> = (use) => {
  const { inputs, batched, count, singles, attributes } = use;
  const examples = extent(singles[0].shape, 0);
  const merged = Array.from(inputs).map((input, i) => {
    const isBias = attributes.hasBias && i === 3;
    const own = singles[i]?.shape ?? [];
    if (isBias && !batched[i] && own[0] === 1) return input;
    const member = batched[i] ? input : reshape(input, [1, ...own]);
    return mergeBatch(broadcastTo(member, [count, examples, ...own.slice(1)]));
  });
  const outputs = use.apply(merged, attributes);
  return outputs.map((output, i) => reshape(output, [count, ...shapeOf(use, i)]));
};

export const attentionOp = defineOp<AttentionAttributes>('attention', {
  infer: (inputs, attributes) => {
    const { output, perQuery } = checkInputs('attention', inputs, attributes);
    const { dtype } = inputs[0];
    return [
      { shape: output, dtype },
      { shape: perQuery, dtype },
    ];
  },
  lower: { kernel: 'attention', attributes: numbers },
  // Two products, and scale, largest, exponential and sum.
  flops: (inputs, _outputs, rule) =>
    pairsOf(inputs, rule) * (2 * extent(inputs[0].shape, 3) + 2 * extent(inputs[2].shape, 3) + 4),
  // With p the pattern: dv = p^T g and ds = p (g v^T - delta), where delta = sum(g y), less what came for the log.
  vjp: ([g, gLog], inputs, [y, logSum], attributes, wanted) => {
    const parts = inputsOf(inputs, attributes);
    const delta = sub(sum(mul(g, y), { axis: -1 }), gLog);
    const [dq = null, dk = null, dv = null] = attentionGradOp(
      [...Array.from(inputs), g, logSum, delta],
      attributes,
    );
    if (!parts.bias) return [dq, dk, dv];
    if (!wanted[3]) return [dq, dk, dv, null];
    const { dScores } = plainAttentionGrad(parts, { g, logSum, delta }, attributes);
    return [dq, dk, dv, biasCotangent(dScores, parts.bias.shape)];
  },
  jvp: ([dq, dk, dv, dbias], inputs, [, logSum], attributes) => {
    const tangents = { q: dq, k: dk, v: dv, bias: attributes.hasBias ? dbias : null };
    const { output, logSum: dLog } = plainTangent(inputsOf(inputs, attributes), logSum, tangents, attributes);
    return [output, dLog];
  },
  decompose: (inputs, attributes) => {
    const { output, logSum } = plainAttention(inputsOf(inputs, attributes), attributes);
    return [output, logSum];
  },
  example: { axis: sameExample },
  batch: moreExamples,
});

/** Inputs: those of attention, then g, the logarithms of the sums, and delta. Outputs: dq, dk, dv. */
const attentionGradOp = defineOp<AttentionAttributes>('attentionGrad', {
  infer: (inputs, attributes) => {
    const { output, perQuery } = checkInputs('attentionGrad', inputs, attributes);
    const [g, logSum, delta] = cotangentsOf(inputs, attributes);
    checkFloats('attentionGrad', inputs[0], g, logSum, delta);
    checkSame('attentionGrad', 'cotangents', g, output);
    checkSame('attentionGrad', 'logarithms of sums', logSum, perQuery);
    checkSame('attentionGrad', 'delta', delta, perQuery);
    return [inputs[0], inputs[1], inputs[2]].map(({ shape, dtype }) => ({ shape, dtype }));
  },
  lower: { kernel: 'attentionGrad', attributes: numbers },
  // Five products, and what makes probabilities and their cotangents.
  flops: (inputs, _outputs, rule) =>
    pairsOf(inputs, rule) * (6 * extent(inputs[0].shape, 3) + 4 * extent(inputs[2].shape, 3) + 6),
  decompose: (inputs, attributes) => {
    const [g, logSum, delta] = cotangentsOf(inputs, attributes);
    const parts = inputsOf(inputs, attributes);
    const { dq, dk, dv } = plainAttentionGrad(parts, { g, logSum, delta }, attributes);
    return [dq, dk, dv];
  },
  example: { axis: sameExample },
  batch: moreExamples,
});

const cotangentsOf = <T>(inputs: Several<T>, { hasBias }: AttentionAttributes): readonly [T, T, T] =>
  hasBias ? [inputs[4], inputs[5], inputs[6]] : [inputs[3], inputs[4], inputs[5]];
