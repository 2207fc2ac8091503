import type { ActivationName } from '../decoder/activations';
import type { StackDescription } from '../decoder/description';

/** How steps are numbered where nothing is said. */
export type PositionRule =
  /** 0, 1, 2, ... whatever is padding. */
  | { readonly kind: 'counted' }
  /** As RoBERTa has it: tokens from `padding + 1` on, and `padding` for what is padding by its id. */
  | { readonly kind: 'behindPadding'; readonly padding: number };

/** One layer of a head: `activation(x W^T + b)`. */
export interface HeadLayer {
  readonly name: string;
  readonly outputs: number;
  readonly activation?: ActivationName;
}

export type EncoderHead =
  /** None: hidden states, and what the pooler makes of the first step. */
  | { readonly kind: 'none' }
  /** Scores of all tokens at every step: a layer, a norm, the table of tokens and a bias. */
  | {
      readonly kind: 'maskedTokens';
      readonly layer: HeadLayer;
      readonly norm: string;
      /** The output layer, whose weight is the table where it is tied; its bias may have a second name. */
      readonly output: string;
      readonly bias: string;
      readonly tied: boolean;
    }
  /** Scores of a text, of its first step: layers one behind the other, behind the pooler where there is one. */
  | { readonly kind: 'text'; readonly layers: readonly HeadLayer[] }
  /** Scores of every step. */
  | { readonly kind: 'steps'; readonly layer: HeadLayer };

/** A bidirectional encoder of texts as data. */
export interface EncoderDescription extends StackDescription {
  readonly vocabulary: number;
  readonly positionCount: number;
  readonly positions: PositionRule;
  /** 0: texts have no types. */
  readonly tokenTypes: number;
  /** Where all but the head lies: `bert`. A checkpoint of the bare model leaves it out. */
  readonly prefix: string;
  /** The layer that the first step goes through, below the prefix; undefined: the model has none. */
  readonly pooler?: HeadLayer;
}
