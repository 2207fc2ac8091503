import type { Tensor } from '../graph/tensor';

/** Keys and values of the steps that were seen before, a pair per block: [N, Hk, S, D] and [N, Hk, S, Dv]. */
export interface KeyValueCache {
  readonly blocks: readonly { readonly keys: Tensor; readonly values: Tensor }[];
}

/**
 * What a model of texts is given. Batches of texts of different lengths are padded on either side; what `attentionMask` says to
 * be padding is seen by no step.
 */
export interface TokenInputs {
  /** int32 or int64 [N, T]. */
  readonly inputIds: Tensor;
  /** 1 (or true) where there is a token and 0 where there is padding: [N, S + T], of the cached steps and of these. Default: no padding. */
  readonly attentionMask?: Tensor;
  /** int32 [N, T]. Default: tokens are counted from the first that is no padding. */
  readonly positionIds?: Tensor;
  /** For encoders that tell two texts apart: int32 [N, T]. Default: 0. */
  readonly tokenTypeIds?: Tensor;
  /** What `outputs` gave for the steps before these, as an explicit value: nothing is changed in it. Default: there are none. */
  readonly cache?: KeyValueCache;
}

/** What an encoder with a decoder is given: the text, and what the decoder has written so far. */
export interface EncoderDecoderInputs extends TokenInputs {
  /** int32 or int64 [N, T]: a start token, then what was written; see `shiftRight`. */
  readonly decoderInputIds: Tensor;
  /** As `attentionMask`, of the decoder's steps: [N, T]. */
  readonly decoderAttentionMask?: Tensor;
  /** What the encoder made of the text before, [N, S, width]: it is not run again then. */
  readonly encoderStates?: Tensor;
}

/** What a model of images is given: [N, channels, height, width], prepared as `preprocessor_config.json` says. */
export interface ImageInputs {
  readonly pixelValues: Tensor;
}

/** What a model of images and texts is given. */
export type ImageAndTokenInputs = ImageInputs & TokenInputs;

/** What a conditional U-Net is given. */
export interface DenoisingInputs {
  /** What is to be denoised, [N, channels, H, W]. */
  readonly sample: Tensor;
  /** The step of the diffusion: one for all, or [N]. */
  readonly timestep: Tensor | number;
  /** The text, [N, S, width]. */
  readonly encoderHiddenStates: Tensor;
}

/** What the decoder of an autoencoder is given: [N, channels, h, w], not scaled. */
export interface LatentInputs {
  readonly latents: Tensor;
}

/** A bare tensor stands for what a model cannot do without: token ids, pixel values, or the rows of a classifier. */
export type ModelInputs =
  | Tensor
  | TokenInputs
  | EncoderDecoderInputs
  | ImageInputs
  | ImageAndTokenInputs
  | DenoisingInputs
  | LatentInputs;

/** How many steps a cache holds. */
export const cachedSteps = (cache: KeyValueCache | undefined): number => cache?.blocks[0]?.keys.shape[2] ?? 0;
