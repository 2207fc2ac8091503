import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { gelu } from '../../ops/elementwise/activations';
import { add } from '../../ops/elementwise/arithmetic';
import { normal } from '../../random';
import { drawnFrom, zerosInitial } from '../init/initializer';
import { layer, type Layer } from '../layer';
import { checkExtents, checkMultiple } from '../layers/extents';
import { linear } from '../layers/linear';
import { layerNorm } from '../layers/norms';
import { attendHeads, CALL_OPTIONS, droppedAt, type AttentionCall } from './call';
import type { StepsLayer } from './transformerBlock';

export interface BertBlockOptions {
  readonly heads: number;
  /** Default `4 width`. */
  readonly hidden?: number;
  /** Default 1e-12, that of BERT. */
  readonly eps?: number;
  /** How much of what is added to the steps is dropped, where a call has a `dropoutKey`. Default 0. */
  readonly dropout?: number;
}

/**
 * A block of BERT (Devlin et al. 2019), with the names of its checkpoints: `attention.self.query`, `key`, `value`,
 * `attention.output.dense`, `attention.output.LayerNorm`, `intermediate.dense`, `output.dense`, `output.LayerNorm`. Every step
 * sees every other; a call's mask hides padding.
 *
 * @throws OptionError for a misspelled option, or where heads do not divide the width.
 */
export function bertBlock(width: number, options: BertBlockOptions): StepsLayer {
  const where = 'nn.bertBlock';
  checkOptions(where, options, ['heads', 'hidden', 'eps', 'dropout']);
  const { heads, hidden = 4 * width, eps = 1e-12, dropout = 0 } = options;
  checkExtents(where, { width, heads, hidden });
  checkMultiple(where, 'a width that is a multiple of the heads', width, heads);
  const initialWeight = drawnFrom(normal, { deviation: 0.02 });
  const projection = (inputs: number, outputs: number): Layer =>
    linear(inputs, outputs, { initialWeight, initialBias: zerosInitial });
  const LayerNorm = layerNorm(width, { eps });
  return layer(
    {
      attention: {
        self: {
          query: projection(width, width),
          key: projection(width, width),
          value: projection(width, width),
        },
        output: { dense: projection(width, width), LayerNorm },
      },
      intermediate: { dense: projection(width, hidden) },
      output: { dense: projection(hidden, width), LayerNorm },
    },
    (
      { attention: { self, output: attended }, intermediate, output },
      x: Tensor,
      call: AttentionCall = {},
    ) => {
      checkOptions(where, call, CALL_OPTIONS);
      const [q, k, v] = [self.query(x), self.key(x), self.value(x)];
      const y = attended.dense(attendHeads(q, k, v, { heads, keyHeads: heads }, {}, call));
      const h = attended.LayerNorm(add(x, droppedAt(y, dropout, 0, call.dropoutKey)));
      const after = output.dense(gelu(intermediate.dense(h)));
      return output.LayerNorm(add(h, droppedAt(after, dropout, 1, call.dropoutKey)));
    },
  );
}
