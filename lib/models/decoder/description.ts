import type { RotaryScaling } from '../../ops/attention/rotaryFrequencies';
import type { ActivationName } from './activations';

/**
 * `layer`: gain and bias. `rms`: gain only. `rmsPlusOne`: the gain is stored less one, as in Gemma. `plain`: mean and variance without
 * parameters, as in the first OLMo.
 */
export interface NormRule {
  readonly kind: 'layer' | 'rms' | 'rmsPlusOne' | 'plain';
  readonly eps: number;
}

export interface RotaryRule {
  /** How many numbers of a head are turned. */
  readonly width: number;
  readonly base: number;
  readonly layout: 'half' | 'interleaved';
  readonly scaling?: RotaryScaling;
  /** The base grows with texts longer than those of training. */
  readonly dynamic?: { readonly factor: number; readonly originalSteps: number };
  /** A factor per pair, others for texts longer than those of training. */
  readonly long?: {
    readonly shortFactors: readonly number[];
    readonly longFactors: readonly number[];
    readonly originalSteps: number;
  };
  /** What cosines and sines are multiplied by. */
  readonly tableFactor?: number;
}

export interface ExpertsRule {
  readonly count: number;
  /** How many of them a step goes through. */
  readonly top: number;
  /** Whether the chosen probabilities are divided by their sum. */
  readonly normalized: boolean;
  /** Names below the block: the router, and the folder of the experts. */
  readonly router: string;
  readonly experts: string;
}

/** Names below a block; those of norms say where there is one. */
export interface BlockNames {
  /** Before attention, of the residual stream. */
  readonly attentionNorm?: string;
  /** Of what attention gives, before it is added. */
  readonly attentionPostNorm?: string;
  readonly mlpNorm?: string;
  readonly mlpPostNorm?: string;
  /** One projection for all three, or three. */
  readonly qkv: string | readonly [q: string, k: string, v: string];
  readonly out: string;
  readonly queryNorm?: string;
  readonly keyNorm?: string;
  /** The way in, with experts below each of theirs: one projection, or gate and up. */
  readonly up: string;
  readonly gate?: string;
  readonly down: string;
}

/** A stack of transformer blocks as data: what decoders and encoders of any kind have in common. */
export interface StackDescription {
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headWidth: number;
  /** Of the layers between. */
  readonly hidden: number;
  /** The name of the list of blocks. */
  readonly blockList: string;
  readonly names: BlockNames;
  readonly norm: NormRule;
  /** `joined`: q, k and v one behind the other; `perHead`: those of a head beside each other, as in GPT-NeoX. */
  readonly qkvLayout: 'joined' | 'perHead';
  /** Norms of queries and keys: of every head by itself, or of all heads as one. */
  readonly qkNorm?: 'heads' | 'whole';
  readonly bias: { readonly qkv: boolean; readonly out: boolean; readonly mlp: boolean };
  /** Weights are stored [in, out], as GPT-2 does, and not [out, in]. */
  readonly storedTransposed?: boolean;
  readonly activation: ActivationName;
  /** Whether gate and up are one projection, the gate first. */
  readonly gateUpJoined?: boolean;
  readonly experts?: ExpertsRule;
  /**
   * `parallel`: attention and the layers behind it both start from the residual stream that enters the block. `postNorm`: the norms
   * named `PostNorm` stand behind the sums, as in BERT, and there are no others.
   */
  readonly residual: 'sequential' | 'parallel' | 'postNorm';
  readonly rotary?: RotaryRule;
  /** Whether steps see those before them only. */
  readonly causal: boolean;
  /** What products of queries and keys are multiplied by, per block. */
  readonly scales: readonly number[];
  /** How many steps back a query sees, per block; undefined: all. */
  readonly windows: readonly (number | undefined)[];
  /** Of attention scores. */
  readonly softCap?: number;
  /** Queries, keys and values are cut to [-clip, clip]. */
  readonly clip?: number;
}

/**
 * A decoder-only language model as data: all that tells one family from another. `readDecoder` of a family makes it from a
 * configuration, `decoder` makes a network of it.
 */
export interface DecoderDescription extends Omit<StackDescription, 'causal'> {
  readonly vocabulary: number;
  /** Where all but the head lies: `transformer`, `model`. A checkpoint of the bare model leaves it out. */
  readonly prefix: string;
  readonly tokens: string;
  /** A learned table of positions: its name below the prefix, and how many there are. */
  readonly positions?: { readonly name: string; readonly count: number };
  readonly finalNorm: string;
  readonly head: { readonly name: string; readonly bias: boolean; readonly tied: boolean };
  readonly logitCap?: number;
  /** What embeddings are multiplied by. */
  readonly embeddingScale?: number;
}
