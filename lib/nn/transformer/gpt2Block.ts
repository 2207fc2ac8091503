import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { gelu } from '../../ops/elementwise/activations';
import { add } from '../../ops/elementwise/arithmetic';
import { split } from '../../ops/shape/slice';
import { normal } from '../../random';
import { drawnFrom, residualNormal, zerosInitial, type Initializer } from '../init/initializer';
import { layer, type Layer } from '../layer';
import { checkExtents, checkMultiple } from '../layers/extents';
import { linear } from '../layers/linear';
import { layerNorm } from '../layers/norms';
import { attendHeads, CALL_OPTIONS, droppedAt, type AttentionCall } from './call';
import type { StepsLayer } from './transformerBlock';

export interface Gpt2BlockOptions {
  readonly heads: number;
  /** How many blocks the model has: the weights that write to the residual stream start smaller by `sqrt(2 layers)`. Default 1. */
  readonly layers?: number;
  /** Default `4 width`. */
  readonly hidden?: number;
  /** Default 1e-5. */
  readonly eps?: number;
  /** How much of what is added to the steps is dropped, where a call has a `dropoutKey`. Default 0. */
  readonly dropout?: number;
}

/**
 * A block of GPT-2 (Radford et al. 2019), with the names and layouts of its checkpoints: `ln_1`, `attn.c_attn` (queries,
 * keys and values at once), `attn.c_proj`, `ln_2`, `mlp.c_fc`, `mlp.c_proj`; weights are [in, out].
 *
 * @throws OptionError for a misspelled option, or where heads do not divide the width.
 */
export function gpt2Block(width: number, options: Gpt2BlockOptions): StepsLayer {
  const where = 'nn.gpt2Block';
  checkOptions(where, options, ['heads', 'layers', 'hidden', 'eps', 'dropout']);
  const { heads, layers = 1, hidden = 4 * width, eps = 1e-5, dropout = 0 } = options;
  checkExtents(where, { width, heads, layers, hidden });
  checkMultiple(where, 'a width that is a multiple of the heads', width, heads);
  const projection = (inputs: number, outputs: number, initialWeight: Initializer): Layer =>
    linear(inputs, outputs, { transposed: true, initialWeight, initialBias: zerosInitial });
  const [inside, residual] = [drawnFrom(normal, { deviation: 0.02 }), residualNormal(layers)];
  return layer(
    {
      ln_1: layerNorm(width, { eps }),
      attn: { c_attn: projection(width, 3 * width, inside), c_proj: projection(width, width, residual) },
      ln_2: layerNorm(width, { eps }),
      mlp: { c_fc: projection(width, hidden, inside), c_proj: projection(hidden, width, residual) },
    },
    ({ ln_1, attn, ln_2, mlp }, x: Tensor, call: AttentionCall = {}) => {
      checkOptions(where, call, CALL_OPTIONS);
      const [q = x, k = x, v = x] = split(attn.c_attn(ln_1(x)), 3, { axis: -1 });
      const attended = attn.c_proj(attendHeads(q, k, v, { heads, keyHeads: heads }, { causal: true }, call));
      const h = add(x, droppedAt(attended, dropout, 0, call.dropoutKey));
      const after = mlp.c_proj(gelu(mlp.c_fc(ln_2(h)), { approximate: 'tanh' }));
      return add(h, droppedAt(after, dropout, 1, call.dropoutKey));
    },
  );
}
