import { extent, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import {
  add,
  equal,
  exp,
  full,
  greater,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalOr,
  mul,
} from '../elementwise';
import { div, square, sub, tanh, where } from '../elementwise';
import { iota } from '../indexing/iota';
import { matmul } from '../products/matmul';
import { max, sum, sumTo } from '../reduce';
import { reshape } from '../shape/reshape';
import { stopGradient } from '../shape/identity';
import { transpose } from '../shape/transpose';

// Attention in plain ops: what the fused kernels are tested against, and what their derivatives are made of.

/** How products of queries and keys become scores; all there is to know besides the tensors. */
export interface ScoreRule {
  readonly scale: number;
  /** `cap tanh(score / cap)` before the bias; 0: no cap. */
  readonly softCap: number;
  readonly causal: boolean;
  /** How many steps a query sees on either side, itself included; 0: all. */
  readonly window: number;
  /** The first `prefix` keys are seen by every query and are no steps of time. */
  readonly prefix: number;
}

/** q [N, H, Tq, D], k [N, Hk, Tk, D], v [N, Hk, Tk, Dv] and a bias that broadcasts to [N, H, Tq, Tk]. */
export interface AttentionInputs {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly bias: Tensor | undefined;
}

const LAST = { axis: -1, keepDims: true } as const;

/** [N, H, T, ...] with the heads that share keys one behind the other, [N, Hk, H / Hk T, ...]. */
function grouped(x: Tensor, keyHeads: number): Tensor {
  const [examples = 0, heads = 0, steps = 0, ...rest] = x.shape;
  if (heads === keyHeads) return x;
  return reshape(x, [examples, keyHeads, keyHeads === 0 ? 0 : (heads / keyHeads) * steps, ...rest]);
}

/** `a b^T` for a of every head and b of the heads it shares. */
function againstKeys(a: Tensor, b: Tensor): Tensor {
  const product = matmul(grouped(a, extent(b.shape, 1)), transpose(b, [0, 1, 3, 2]));
  return reshape(product, [...a.shape.slice(0, 3), extent(b.shape, 2)]);
}

/** `a b` for a [N, H, Tq, Tk] and b [N, Hk, Tk, D]. */
function overKeys(a: Tensor, b: Tensor): Tensor {
  const product = matmul(grouped(a, extent(b.shape, 1)), b);
  return reshape(product, [...a.shape.slice(0, 3), extent(b.shape, 3)]);
}

/** `a^T b` for a [N, H, Tq, Tk] and b [N, H, Tq, D], summed over the heads that share keys. */
const overQueries = (a: Tensor, b: Tensor, keyHeads: number): Tensor =>
  matmul(transpose(grouped(a, keyHeads), [0, 1, 3, 2]), grouped(b, keyHeads));

/** Which keys a query may see by their places in time, [Tq, Tk]; undefined when it is all of them. */
export function visibleKeys(
  queries: number,
  keys: number,
  rule: Pick<ScoreRule, 'causal' | 'window' | 'prefix'>,
): Tensor | undefined {
  const { causal, window, prefix } = rule;
  if (!causal && window === 0) return undefined;
  const time = reshape(iota(queries, { start: keys - prefix - queries }), [queries, 1]);
  const key = reshape(iota(keys, { start: -prefix }), [1, keys]);
  const conditions = [
    ...(causal ? [lessEqual(key, time)] : []),
    ...(window > 0 ? [greater(key, add(time, -window))] : []),
    ...(window > 0 && !causal ? [less(key, add(time, window))] : []),
  ];
  const inTime = conditions.reduce((all, one) => logicalAnd(all, one));
  return prefix > 0 ? logicalOr(less(key, 0), inTime) : inTime;
}

/** Scores [N, H, Tq, Tk], minus infinity where a query may not look, and their derivative by the products. */
export function plainScores(
  { q, k, bias }: AttentionInputs,
  rule: ScoreRule,
): { readonly scores: Tensor; readonly slope: Tensor | number } {
  const { scale, softCap } = rule;
  const products = againstKeys(q, k);
  const bounded = softCap > 0 ? tanh(mul(products, scale / softCap)) : undefined;
  const capped = bounded ? mul(bounded, softCap) : mul(products, scale);
  const biased = bias ? add(capped, bias) : capped;
  const seen = visibleKeys(extent(q.shape, 2), extent(k.shape, 2), rule);
  const scores = seen ? where(seen, biased, full([], -Infinity, q.dtype)) : biased;
  // d cap tanh(s) = (1 - tanh(s)^2) d(cap s)
  return { scores, slope: bounded ? mul(sub(1, square(bounded)), scale) : scale };
}

/** Output, pattern and the logarithm of the sum under the softmax; zeros for queries that see nothing. */
export function plainAttention(
  inputs: AttentionInputs,
  rule: ScoreRule,
): { readonly output: Tensor; readonly pattern: Tensor; readonly logSum: Tensor } {
  const { scores } = plainScores(inputs, rule);
  const constant = (value: number): Tensor => full([], value, scores.dtype);
  if (extent(scores.shape, -1) === 0) {
    const nothing = full(scores.shape.slice(0, -1), 0, scores.dtype);
    return { output: overKeys(scores, inputs.v), pattern: scores, logSum: nothing };
  }
  const largest = stopGradient(max(scores, LAST));
  const top = where(equal(largest, -Infinity), constant(0), largest);
  const powers = exp(sub(scores, top));
  const total = sum(powers, LAST);
  const isBlind = equal(total, 0);
  const divisor = where(isBlind, constant(1), total);
  const pattern = div(powers, divisor);
  const logSum = where(isBlind, constant(0), add(top, log(divisor)));
  return { output: overKeys(pattern, inputs.v), pattern, logSum: withoutLast(logSum) };
}

/** The last axis, of extent 1, taken away; and one put behind the others. */
const withoutLast = (x: Tensor): Tensor => reshape(x, x.shape.slice(0, -1));
const perQuery = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);

export interface PlainGrad {
  readonly dq: Tensor;
  readonly dk: Tensor;
  readonly dv: Tensor;
  /** What comes back for the scores, before the bias is summed to its shape. */
  readonly dScores: Tensor;
}

/** What comes back for all inputs, given the cotangent g of the output, the logarithms of the sums, and delta. */
export function plainAttentionGrad(
  inputs: AttentionInputs,
  { g, logSum, delta }: { readonly g: Tensor; readonly logSum: Tensor; readonly delta: Tensor },
  rule: ScoreRule,
): PlainGrad {
  const { q, k, v } = inputs;
  const keyHeads = extent(k.shape, 1);
  const { scores, slope } = plainScores(inputs, rule);
  const pattern = exp(sub(scores, perQuery(logSum)));
  const dScores = mul(pattern, sub(againstKeys(g, v), perQuery(delta)));
  const dProducts = mul(dScores, slope);
  return {
    dq: overKeys(dProducts, k),
    dk: overQueries(dProducts, q, keyHeads),
    dv: overQueries(pattern, g, keyHeads),
    dScores,
  };
}

/**
 * The tangents of the output and of the logarithm of the sum. With p the pattern: `dlog = sum(p ds)`,
 * `dp = p (ds - dlog)`, `dy = dp v + p dv`.
 */
export function plainTangent(
  inputs: AttentionInputs,
  logSum: Tensor,
  tangents: { readonly [name in keyof AttentionInputs]: Tensor | null },
  rule: ScoreRule,
): { readonly output: Tensor | null; readonly logSum: Tensor | null } {
  const { q, k, v } = inputs;
  const { scores, slope } = plainScores(inputs, rule);
  const pattern = exp(sub(scores, perQuery(logSum)));
  const parts: readonly (Tensor | null)[] = [
    tangents.q && mul(againstKeys(tangents.q, k), slope),
    tangents.k && mul(againstKeys(q, tangents.k), slope),
    tangents.bias,
  ];
  const dScores = total(parts);
  const weighted = dScores && mul(pattern, dScores);
  const dLog = weighted && sum(weighted, LAST);
  return {
    output: total([
      weighted && dLog && overKeys(sub(weighted, mul(pattern, dLog)), v),
      tangents.v && overKeys(pattern, tangents.v),
    ]),
    logSum: dLog && withoutLast(dLog),
  };
}

const total = (parts: readonly (Tensor | null)[]): Tensor | null =>
  parts.reduce((sum, part) => (sum && part ? add(sum, part) : (sum ?? part)), null);

/** What comes back for a bias of this shape. */
export const biasCotangent = (dScores: Tensor, shape: Shape): Tensor => sumTo(dScores, shape);
