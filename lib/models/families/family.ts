import type { Fields } from '../checkpoint/fields';
import type { Network } from '../checkpoint/checkpointModel';

/** What a checkpoint's files tell about a network beside the configuration. */
export interface CheckpointNames {
  readonly has: (name: string) => boolean;
  /** The class of `transformers` that the weights are of. */
  readonly architecture: string | undefined;
}

/** Architectures that one file knows, under the `model_type` of their configurations. */
export interface Family {
  readonly modelType: string;
  /** The classes of `transformers` that can be loaded; the first when a configuration names none. */
  readonly classes: readonly string[];
  /** Reads the fields that have a bearing, and makes the network. */
  readonly network: (fields: Fields, names: CheckpointNames) => Network;
  /** Buffers that files may hold, which no forward pass uses. */
  readonly buffers: RegExp;
}
