import type { Tensor } from '../../graph/tensor';
import type { AttentionOptions, RotaryTables } from '../../ops/attention';
import { attention, rotary } from '../../ops/attention';
import { dropout, foldKey } from '../../random';
import { mergeHeads, splitHeads } from './heads';

/** What attention is told at every call, besides the steps: everything may be left out. */
export interface AttentionCall {
  /** What keys and values are made of, [N, S, width]. Default: the steps themselves. */
  readonly context?: Tensor;
  /** True where a query may see a key; broadcasts to [N, H, T, S]. */
  readonly mask?: Tensor;
  /** The mask of the context, in a block that attends to its steps and to a context. */
  readonly contextMask?: Tensor;
  /** Added to the scores; broadcasts to [N, H, T, S]. */
  readonly bias?: Tensor;
  /** Turns queries and keys by their positions; `rotaryTables` makes them, for all layers at once. */
  readonly rotary?: RotaryTables;
  /** The position of every step, int32 [T] or [N, T], for `rotary`. Default: 0 to T - 1. */
  readonly positions?: Tensor;
  /** Of the dropout of this layer, where it has any. Without a key nothing is dropped, as in evaluation. */
  readonly dropoutKey?: Tensor;
}

/** How the scores of a layer are made, once and for all. */
export type ScoreOptions = Pick<AttentionOptions, 'causal' | 'window' | 'scale' | 'softCap'>;

/** Those of the options that say so. */
export const scoresOf = ({ causal, window, scale, softCap }: ScoreOptions): ScoreOptions => ({
  ...(causal === undefined ? {} : { causal }),
  ...(window === undefined ? {} : { window }),
  ...(scale === undefined ? {} : { scale }),
  ...(softCap === undefined ? {} : { softCap }),
});

export const CALL_OPTIONS = [
  ...['context', 'mask', 'contextMask', 'bias', 'rotary', 'positions', 'dropoutKey'],
];

export interface HeadLayout {
  readonly heads: number;
  readonly keyHeads: number;
  /** Which numbers of a head make a pair for `rotary`. */
  readonly rotaryLayout?: 'half' | 'interleaved';
}

/** Attention of q [N, T, heads D] to k [N, S, keyHeads D] and v, all heads side by side: [N, T, heads D]. */
export function attendHeads(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { heads, keyHeads, rotaryLayout = 'half' }: HeadLayout,
  scores: ScoreOptions,
  { mask, bias, rotary: tables, positions }: AttentionCall,
): Tensor {
  const turned = (x: Tensor): Tensor =>
    tables ? rotary(x, tables, { layout: rotaryLayout, ...(positions ? { positions } : {}) }) : x;
  const y = attention(
    turned(splitHeads(q, heads)),
    turned(splitHeads(k, keyHeads)),
    splitHeads(v, keyHeads),
    {
      ...scores,
      ...(mask ? { mask } : {}),
      ...(bias ? { bias } : {}),
    },
  );
  return mergeHeads(y);
}

/** Drops with the key of the call, numbered so that no two places of a layer drop the same. */
export const droppedAt = (x: Tensor, rate: number, place: number, key: Tensor | undefined): Tensor =>
  key === undefined || rate === 0 ? x : dropout(x, foldKey(key, place), { rate });
