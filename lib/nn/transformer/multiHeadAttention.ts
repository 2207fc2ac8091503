import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import type { Initializer } from '../init/initializer';
import { glorotUniform } from '../init/weights';
import { zerosInitial } from '../init/initializer';
import { layer, type Layer } from '../layer';
import { checkExtents, checkMultiple } from '../layers/extents';
import { linear } from '../layers/linear';
import { rmsNorm } from '../layers/norms';
import { attendHeads, CALL_OPTIONS, scoresOf, type AttentionCall, type ScoreOptions } from './call';
import { mergeHeads, splitHeads } from './heads';

export interface MultiHeadAttentionOptions extends ScoreOptions {
  readonly heads: number;
  /** How many heads keys and values have; divides `heads` (Ainslie et al. 2023). Default: as many. */
  readonly keyHeads?: number;
  /** The width of a head. Default `width / heads`. */
  readonly headWidth?: number;
  /** The width of the context. Default that of the steps. */
  readonly contextWidth?: number;
  /** Whether queries, keys and values have a bias. Default true. */
  readonly bias?: boolean;
  /** Whether the output has a bias. Default as the others. */
  readonly outputBias?: boolean;
  /** Normalises every head of queries and keys by `q_norm` and `k_norm`, as in Qwen 3. Default false. */
  readonly queryKeyNorm?: boolean;
  /** Which numbers of a head make a pair for `rotary`. Default `half`. */
  readonly rotaryLayout?: 'half' | 'interleaved';
  /** Default `glorotUniform`; biases start with zeros. */
  readonly initialWeight?: Initializer;
  /** Of the output. Default as the others. */
  readonly initialOutput?: Initializer;
}

const KNOWN = [
  ...['heads', 'keyHeads', 'headWidth', 'contextWidth', 'bias', 'outputBias', 'queryKeyNorm', 'rotaryLayout'],
  ...['causal', 'window', 'scale', 'softCap', 'initialWeight', 'initialOutput'],
];

/**
 * Attention of x [N, T, width] to itself or to a context [N, S, contextWidth] (Vaswani et al. 2017): `q_proj`
 * [heads D, width], `k_proj` and `v_proj` [keyHeads D, contextWidth], `out_proj` [width, heads D], each with `weight` and
 * `bias`. See `AttentionCall` for what a call may say besides.
 *
 * @example
 * const attend = nn.multiHeadAttention(512, { heads: 8, keyHeads: 2, causal: true });
 * attend.apply(parameters, x, { rotary: rotaryTables(64, { steps: 1024 }) });
 * @throws OptionError for a misspelled option, or where heads do not divide.
 */
export function multiHeadAttention(
  width: number,
  options: MultiHeadAttentionOptions,
): Layer<readonly [x: Tensor, call?: AttentionCall]> {
  const where = 'nn.multiHeadAttention';
  checkOptions(where, options, KNOWN);
  const { heads, keyHeads = heads, contextWidth = width, bias = true, outputBias = bias } = options;
  const { initialWeight = glorotUniform, initialOutput = initialWeight, queryKeyNorm = false } = options;
  checkExtents(where, { width, heads, keyHeads, contextWidth });
  checkMultiple(where, 'heads that are a multiple of those of the keys', heads, keyHeads);
  if (options.headWidth === undefined)
    checkMultiple(where, 'a width that is a multiple of the heads', width, heads);
  const { headWidth = width / heads } = options;
  checkExtents(where, { headWidth });
  const into = (inputs: number, count: number): Layer =>
    linear(inputs, count * headWidth, { bias, initialWeight, initialBias: zerosInitial });
  const scores = scoresOf(options);
  const layout = { heads, keyHeads, rotaryLayout: options.rotaryLayout ?? 'half' };
  return layer(
    {
      q_proj: into(width, heads),
      k_proj: into(contextWidth, keyHeads),
      v_proj: into(contextWidth, keyHeads),
      q_norm: queryKeyNorm ? rmsNorm(headWidth) : undefined,
      k_norm: queryKeyNorm ? rmsNorm(headWidth) : undefined,
      out_proj: linear(heads * headWidth, width, {
        bias: outputBias,
        initialWeight: initialOutput,
        initialBias: zerosInitial,
      }),
    },
    ({ q_proj, k_proj, v_proj, q_norm, k_norm, out_proj }, x: Tensor, call: AttentionCall = {}) => {
      checkOptions(where, call, CALL_OPTIONS);
      const { context = x } = call;
      const q = perHead(q_proj(x), heads, q_norm);
      const k = perHead(k_proj(context), keyHeads, k_norm);
      return out_proj(attendHeads(q, k, v_proj(context), layout, scores, call));
    },
  );
}

/** The norm of every head, for x [N, T, heads D]. */
const perHead = (x: Tensor, heads: number, norm: ((x: Tensor) => Tensor) | undefined): Tensor =>
  norm ? mergeHeads(norm(splitHeads(x, heads))) : x;
