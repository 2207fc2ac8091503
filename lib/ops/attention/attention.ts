import { DTypeError, OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { full, mul, where as select } from '../elementwise';
import { checkRank, checkSame } from '../floats';
import { broadcastTo } from '../reduce/sum';
import { concat } from '../shape/concat';
import { pad } from '../shape/pad';
import { reshape } from '../shape/reshape';
import { attentionOp } from './attentionOp';
import { plainAttention, type AttentionInputs, type ScoreRule } from './plainAttention';

export interface AttentionOptions {
  /** A query sees keys up to its own step. The last query belongs to the last key, as with cached keys. Default false. */
  readonly causal?: boolean;
  /** A query sees this many steps on either side (or back, when causal), itself included. Default: all. */
  readonly window?: number;
  /** `bool`, broadcasting to [N, H, Tq, Tk]: true where a query may see a key. Default: everywhere. */
  readonly mask?: Tensor;
  /** Added to the scores; floats that broadcast to [N, H, Tq, Tk]. It may be a parameter. Default: nothing. */
  readonly bias?: Tensor;
  /** What products of queries and keys are multiplied by. Default `1 / sqrt(D)` (Vaswani et al. 2017). */
  readonly scale?: number;
  /** Scores become `cap tanh(score / cap)` before bias and masks, as in Gemma 2. Default: no cap. */
  readonly softCap?: number;
  /** A factor for the output of every head, [H]. Default: 1. */
  readonly headScale?: Tensor;
  /** Keys and values that every query of every example sees besides, [Hk, P, D] and [Hk, P, Dv]: learned prefixes. */
  readonly kPrefix?: Tensor;
  readonly vPrefix?: Tensor;
}

const ATTENTION_OPTIONS: Kinds<AttentionOptions> = {
  causal: 'boolean',
  window: 'number',
  mask: 'tensor',
  bias: 'tensor',
  scale: 'number',
  softCap: 'number',
  headScale: 'tensor',
  kPrefix: 'tensor',
  vPrefix: 'tensor',
};

/**
 * Scaled dot-product attention of queries [N, H, Tq, D] to keys [N, Hk, Tk, D] with values [N, Hk, Tk, Dv]:
 *
 *     y[n, h, t] = sum_s p[s] v[n, h / (H / Hk), s],   p = softmax_s(scale <q[n, h, t], k[n, h / (H / Hk), s]> + bias)
 *
 * H is a multiple of Hk: several heads of queries may share one of keys (Ainslie et al. 2023). A query that sees no key
 * gives zeros. One fused kernel that never stores the scores (Dao et al. 2022), forwards and backwards; the gradient of
 * a bias and second derivatives do store them.
 *
 * @example
 * attention(q, k, v, { causal: true });
 * @throws ShapeError, DTypeError or OptionError, saying which part does not fit.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  checkTensors('attention', { q, k, v });
  checkKinds('attention', options, ATTENTION_OPTIONS);
  const { inputs, rule } = prepared('attention', q, k, v, options);
  const { bias } = inputs;
  const [output] = attentionOp([inputs.q, inputs.k, inputs.v, ...(bias ? [bias] : [])], {
    ...rule,
    hasBias: bias !== undefined,
  });
  return scaledHeads('attention', output ?? q, options.headScale);
}

/**
 * The same with the pattern, [N, H, Tq, Tk]: the weights of the values, which are stored then. Keys of a prefix come first.
 *
 * @throws What `attention` throws.
 */
export function attentionWithPattern(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): { readonly output: Tensor; readonly pattern: Tensor } {
  checkTensors('attentionWithPattern', { q, k, v });
  checkKinds('attentionWithPattern', options, ATTENTION_OPTIONS);
  const where = 'attentionWithPattern';
  const { inputs, rule } = prepared(where, q, k, v, options);
  // The fused op checks how the inputs fit together; it is not evaluated.
  const { bias } = inputs;
  attentionOp([inputs.q, inputs.k, inputs.v, ...(bias ? [bias] : [])], {
    ...rule,
    hasBias: bias !== undefined,
  });
  const { output, pattern } = plainAttention(inputs, rule);
  return { output: scaledHeads(where, output, options.headScale), pattern };
}

interface Prepared {
  readonly inputs: AttentionInputs;
  readonly rule: ScoreRule;
}

function prepared(where: string, q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Prepared {
  checkKinds(where, options, ATTENTION_OPTIONS);
  checkRank(where, q, 4, 'queries [N, H, Tq, D]');
  checkRank(where, k, 4, 'keys [N, Hk, Tk, D]');
  checkRank(where, v, 4, 'values [N, Hk, Tk, Dv]');
  const { causal = false, window = 0, scale = 1 / Math.sqrt(extent(q.shape, 3)), softCap = 0 } = options;
  if (!Number.isFinite(scale)) throw new OptionError(`${where}: scale must be a finite number, got ${scale}`);
  if (!(softCap >= 0 && softCap < Infinity) || (options.softCap !== undefined && softCap === 0)) {
    throw new OptionError(`${where}: softCap must be a positive number, got ${softCap}`);
  }
  if (!Number.isSafeInteger(window) || window < 0 || window > 2 ** 30 || options.window === 0) {
    throw new OptionError(`${where}: window must be a positive integer, got ${window}`);
  }
  const { kPrefix, vPrefix } = options;
  if (Boolean(kPrefix) !== Boolean(vPrefix)) {
    throw new OptionError(`${where}: kPrefix and vPrefix go together, got only one of them`);
  }
  const prefix = kPrefix ? extent(kPrefix.shape, 1) : 0;
  const inputs = {
    q,
    k: withPrefix(where, 'kPrefix', kPrefix, k, prefix),
    v: withPrefix(where, 'vPrefix', vPrefix, v, prefix),
    bias: scoreBias(where, q, k, prefix, options),
  };
  return { inputs, rule: { scale, softCap, causal, window, prefix } };
}

/** [N, Hk, P + T, D]: the prefix before the rows of every example. */
function withPrefix(
  where: string,
  name: string,
  rows: Tensor | undefined,
  x: Tensor,
  prefix: number,
): Tensor {
  if (!rows) return x;
  const [examples = 0, heads = 0, , width = 0] = x.shape;
  checkSame(where, name, rows, [heads, prefix, width]);
  const repeated = broadcastTo(reshape(rows, [1, heads, prefix, width]), [examples, heads, prefix, width]);
  return concat([repeated, x], { axis: 2 });
}

/** Mask and bias as one bias [N or 1, H or 1, Tq or 1, P + Tk]. */
function scoreBias(
  where: string,
  q: Tensor,
  k: Tensor,
  prefix: number,
  { mask, bias }: AttentionOptions,
): Tensor | undefined {
  if (mask && mask.dtype !== 'bool') {
    throw new DTypeError(`${where}: a mask of bool expected, got ${mask.dtype}; what is added is the bias`);
  }
  if (bias && bias.dtype !== q.dtype) {
    throw new DTypeError(`${where}: a bias of ${q.dtype} expected, as the queries, got ${bias.dtype}`);
  }
  const floor = mask && full([], -Infinity, q.dtype);
  const combined =
    mask && floor
      ? select(fourAxes(where, mask), bias ? fourAxes(where, bias) : full([], 0, q.dtype), floor)
      : bias && fourAxes(where, bias);
  if (!combined) return undefined;
  const keys = extent(k.shape, 2);
  const wide =
    extent(combined.shape, 3) === keys
      ? combined
      : broadcastTo(combined, [...combined.shape.slice(0, 3), keys]);
  return prefix === 0
    ? wide
    : pad(wide, [
        [0, 0],
        [0, 0],
        [0, 0],
        [prefix, 0],
      ]);
}

function fourAxes(where: string, x: Tensor): Tensor {
  const missing = 4 - x.shape.length;
  if (missing < 0) {
    throw new ShapeError(`${where}: a mask or bias of at most 4 axes expected, got ${formatShape(x.shape)}`);
  }
  return missing === 0 ? x : reshape(x, [...Array<number>(missing).fill(1), ...x.shape]);
}

function scaledHeads(where: string, output: Tensor, scale: Tensor | undefined): Tensor {
  if (!scale) return output;
  const heads = extent(output.shape, 1);
  checkSame(where, 'headScale', scale, [heads]);
  return mul(output, reshape(scale, [heads, 1, 1]));
}
