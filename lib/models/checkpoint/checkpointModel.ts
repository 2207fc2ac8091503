import type { Parameters } from '../../graph/parameters';
import type { Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { NO_HOOKS, type Hooks } from '../hooks/hooks';
import type { KeyValueCache, ModelInputs } from '../inputs';
import type { JsonObject } from '../json';
import type { Model, ModelConfig } from '../model';
import { saveModel, type SaveOptions } from '../save';

/** What a forward pass gives. All of it is lazy: what is not asked for is not computed. */
export interface ModelOutputs {
  /** [N, T, vocabulary] for models of texts with a head, [N, classes] for classifiers, [N, T, classes] for those of steps. */
  readonly logits?: Tensor;
  /** The last hidden states, behind the final norm; of a U-Net what it predicts, of an autoencoder images. */
  readonly hidden: Tensor;
  /** What stands for an input as a whole, [N, width]: of an encoder what its pooler makes of the first step. */
  readonly pooled?: Tensor;
  /** The hidden states of the encoder, behind which the decoder's are `hidden`. */
  readonly encoded?: Tensor;
  /** Places in the space that images and texts share, of CLIP: [N, outputs]; of length 1 where both are given. */
  readonly textEmbeddings?: Tensor;
  readonly imageEmbeddings?: Tensor;
  /** Keys and values of all steps so far, for the `cache` of the next call. Decoders only. */
  readonly cache?: KeyValueCache;
  /** Gaussians of latents, for images. Autoencoders only. */
  readonly posterior?: { readonly mean: Tensor; readonly logVariance: Tensor };
}

/** A tensor that a model must have. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: Shape;
}

/** An architecture with the sizes of a configuration: shapes, and a pure function of parameters and inputs. */
export interface Network {
  /** In the order in which they are used. */
  readonly parameters: readonly ParameterShape[];
  /** What a forward pass uses and training does not move: running statistics. Default: nothing. */
  readonly buffers?: readonly ParameterShape[];
  readonly outputs: (
    parameters: Parameters,
    inputs: ModelInputs,
    hooks: Hooks,
    buffers: Parameters,
  ) => ModelOutputs;
  /** The names that `run` can read and replace, in the order of the forward pass. */
  readonly hookPoints: readonly string[];
  /** Names of parameters that are another's tensor, by that one's name. */
  readonly tied: ReadonlyMap<string, string>;
}

/** What a model of a folder is made of. */
export interface CheckpointParts {
  /** What `config.json` says, word for word. */
  readonly config: ModelConfig;
  /** The class in `transformers`: `GPT2LMHeadModel`; for models of this library their `model_type`. */
  readonly architecture: string;
  /** Under the checkpoint's own names, in the order of its files. */
  readonly parameters: Parameters;
  /** What else the files hold: running statistics, and stored masks, which no forward pass uses. Saved as they were. */
  readonly buffers: Parameters;
  /** What `generation_config.json` says; empty without one. */
  readonly generation: JsonObject;
  /** All names in the files, in their order: parameters, buffers, and second names of tied parameters. */
  readonly stored: readonly string[];
  /**
   * `config.json` and `generation_config.json` as they were written. Numbers lose their kind in JavaScript, and \`transformers\` takes no
   * 30 where it wrote 30.0.
   */
  readonly texts: { readonly config: string; readonly generation?: string };
  /** Where it was loaded from: the tokenizer's files are taken from there when it is saved elsewhere. */
  readonly folder: string;
  readonly network: Network;
}

/** A model that was loaded from a folder. Immutable, like every model: an edit makes another one with `withParameters`. */
export class CheckpointModel implements Model {
  readonly config: ModelConfig;
  readonly architecture: string;
  readonly parameters: Parameters;
  readonly buffers: Parameters;
  readonly generation: JsonObject;
  readonly folder: string;
  readonly #parts: CheckpointParts;

  /**
   * Not for direct use: `loadModel` makes them.
   * @internal
   */
  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.config = parts.config;
    this.architecture = parts.architecture;
    this.parameters = parts.parameters;
    this.buffers = parts.buffers;
    this.generation = parts.generation;
    this.folder = parts.folder;
  }

  /** The names that `run` can read and replace, in the order of the forward pass. */
  get hookPoints(): readonly string[] {
    return this.#parts.network.hookPoints;
  }

  /** Names that are another parameter's tensor: an output layer that is the table of tokens. */
  get tied(): ReadonlyMap<string, string> {
    return this.#parts.network.tied;
  }

  /** Logits, or the last hidden states of a model without a head. A bare tensor stands for token ids or for pixel values. */
  forward(parameters: Parameters, inputs: ModelInputs): Tensor {
    const { logits, hidden } = this.outputs(parameters, inputs);
    return logits ?? hidden;
  }

  /** All outputs; `hooks` look into the pass. */
  outputs(parameters: Parameters, inputs: ModelInputs, hooks: Hooks = NO_HOOKS): ModelOutputs {
    return this.#parts.network.outputs(parameters, inputs, hooks, this.buffers);
  }

  /** The texts of \`config.json\` and \`generation_config.json\`, as they were loaded. */
  get texts(): CheckpointParts['texts'] {
    return this.#parts.texts;
  }

  /** The same model with other parameters of the same names and shapes. */
  withParameters(parameters: Parameters): CheckpointModel {
    return new CheckpointModel({ ...this.#parts, parameters });
  }

  /** Every tensor that a file of this model holds, in the order of the files it came from. */
  tensors(): (readonly [string, Tensor])[] {
    const { stored, parameters, buffers, network } = this.#parts;
    return stored.map((name) => {
      const own = parameters.has(name) ? name : network.tied.get(name);
      return [name, own === undefined ? buffers.get(name) : parameters.get(own)] as const;
    });
  }

  /** `saveModel` of this model. */
  save(folder: string, options: SaveOptions = {}): Promise<void> {
    return saveModel(folder, this, options);
  }
}
