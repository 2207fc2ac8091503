import { PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { equal } from '../elementwise/arithmetic';
import { asIndices } from '../indices';
import { where } from '../elementwise/math';
import { stopGradient } from '../shape/identity';
import { expandDims } from '../shape/reshape';
import { take } from './take';

export interface EmbeddingOptions {
  /** A row that gets no gradient, as PyTorch's `padding_idx`; its values are read as any other's. Default: none. */
  readonly paddingIndex?: number;
}

const EMBEDDING_OPTIONS: Kinds<EmbeddingOptions> = { paddingIndex: 'number' };

/**
 * Rows of a table [V, D] for int32 tokens of any shape: `y[..., :] = table[tokens[...], :]`. The gradient adds the rows that
 * came back in a fixed order, and costs what they and the table do. Reading it raises ERR_INDEX for a token outside [0, V).
 *
 * @throws ShapeError unless the table has two axes; DTypeError unless the tokens are int32; PalimpsestError ERR_INDEX for a
 *   padding index outside the table.
 */
export function embedding(table: Tensor, tokens: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkTensors('embedding', { table, tokens });
  checkKinds('embedding', options, EMBEDDING_OPTIONS);
  const { paddingIndex } = options;
  if (table.shape.length !== 2)
    throw new ShapeError(`embedding: a table [V, D] expected, got ${formatShape(table.shape)}`);
  const rows = take(table, asIndices('embedding', tokens, extent(table.shape, 0), 'tokens'));
  if (paddingIndex === undefined) return rows;
  const count = extent(table.shape, 0);
  if (!Number.isInteger(paddingIndex) || paddingIndex < 0 || paddingIndex >= count) {
    throw new PalimpsestError(
      'ERR_INDEX',
      `embedding: a padding index in [0, ${count}) expected, got ${paddingIndex}`,
    );
  }
  return where(equal(expandDims(tokens, -1), paddingIndex), stopGradient(rows), rows);
}
