import { embedding } from '../../../lib/ops/indexing/embedding';
import { add } from '../../../lib/ops/elementwise';
import { softmaxCrossEntropy } from '../../../lib/ops/losses';
import { linear } from '../../../lib/ops/products/matmul';
import { mean } from '../../../lib/ops/reduce/reduce';
import { slice } from '../../../lib/ops/shape/slice';
import { evaluate } from '../../../lib/graph/evaluate';
import { integers } from '../hashed';
import { affineShapes, block, blockShapes, layerNormOf } from './blocks';
import { workload, type Network, type Workload } from './workload';

export interface DecoderSizes {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly context: number;
}

export const DECODERS: Readonly<Record<string, DecoderSizes>> = {
  'gpt-small': { width: 256, layers: 4, heads: 4, vocabulary: 8192, context: 128 },
  gpt2: { width: 768, layers: 12, heads: 12, vocabulary: 50257, context: 256 },
};

export const decoderShapes = ({ width, layers, vocabulary, context }: DecoderSizes): Network['shapes'] => [
  ['wte.weight', [vocabulary, width]],
  ['wpe.weight', [context, width]],
  ...Array.from({ length: layers }, (_, i) => blockShapes(`h.${i}`, width)).flat(),
  ...affineShapes('lnf', width),
];

/** GPT-2's layout with the output head tied to the token embedding; a loss is the mean over a sequence's tokens. */
export const decoder = (sizes: DecoderSizes): Network => ({
  shapes: decoderShapes(sizes),
  outputs: (p, tokens) => {
    const positions = slice(p.get('wpe.weight'), { stops: [tokens.shape[1] ?? 0] });
    let x = add(embedding(p.get('wte.weight'), tokens), positions);
    for (let i = 0; i < sizes.layers; i++) x = block(p, `h.${i}`, x, sizes.heads, true);
    return linear(layerNormOf(p, 'lnf', x), p.get('wte.weight'));
  },
  lossesOf: (logits, targets) =>
    mean(softmaxCrossEntropy(logits, targets, { reduction: 'none' }), { axis: -1 }),
});

export async function decoderWorkload(sizes: DecoderSizes, samples: number): Promise<Workload> {
  const { vocabulary, context } = sizes;
  const tokens = integers('tokens', [samples, context + 1], vocabulary);
  const x = slice(tokens, { stops: [samples, context] });
  const y = slice(tokens, { starts: [0, 1] });
  await evaluate([x, y]);
  return workload(decoder(sizes), x, y);
}
