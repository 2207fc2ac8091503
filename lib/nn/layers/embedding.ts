import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { embedding as embeddingOf } from '../../ops/indexing/embedding';
import { normal } from '../../random';
import type { Initializer } from '../init/initializer';
import { layer, parameter, type Layer } from '../layer';
import { checkExtents } from './extents';

export interface EmbeddingLayerOptions {
  /** A row that gets no gradient, as PyTorch's `padding_idx`. Default: none. */
  readonly paddingIndex?: number;
  /** Default standard normal, as in PyTorch. */
  readonly initialWeight?: Initializer;
}

/**
 * Rows of a table for int32 tokens of any shape: `weight` [count, width].
 *
 * @throws OptionError for a misspelled option or an extent that is no positive integer.
 */
export function embedding(count: number, width: number, options: EmbeddingLayerOptions = {}): Layer {
  checkOptions('nn.embedding', options, ['paddingIndex', 'initialWeight']);
  checkExtents('nn.embedding', { count, width });
  const { paddingIndex, initialWeight = normal } = options;
  const read = paddingIndex === undefined ? {} : { paddingIndex };
  return layer({ weight: parameter([count, width], initialWeight) }, ({ weight }, tokens: Tensor) =>
    embeddingOf(weight, tokens, read),
  );
}
