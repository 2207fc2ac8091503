import { readActivation } from '../decoder/activations';
import type { BlockNames } from '../decoder/description';
import type { Fields } from '../checkpoint/fields';
import { visionClassifier, type VisionHead } from '../vision/visionClassifier';
import type { VisionDescription } from '../vision/visionTransformer';
import { classCount } from './encoderFamily';
import type { Family } from './family';

/** ViT (Dosovitskiy et al. 2021). */
export const vit = visionFamily('vit', 'ViT', ['Model', 'ForImageClassification'], ['embeddings.cls_token']);

/** DeiT (Touvron et al. 2021): a ViT with a second token, which was taught by another network. */
export const deit = visionFamily(
  'deit',
  'DeiT',
  ['Model', 'ForImageClassification', 'ForImageClassificationWithTeacher'],
  ['embeddings.cls_token', 'embeddings.distillation_token'],
);

/** As files of `transformers` have the names of a block since version 5, and before. */
const NEW_BLOCK: BlockNames = {
  attentionNorm: 'layernorm_before',
  mlpNorm: 'layernorm_after',
  qkv: ['attention.q_proj', 'attention.k_proj', 'attention.v_proj'],
  out: 'attention.o_proj',
  up: 'mlp.fc1',
  down: 'mlp.fc2',
};
const OLD_BLOCK: BlockNames = {
  attentionNorm: 'layernorm_before',
  mlpNorm: 'layernorm_after',
  qkv: ['attention.attention.query', 'attention.attention.key', 'attention.attention.value'],
  out: 'attention.output.dense',
  up: 'intermediate.dense',
  down: 'output.dense',
};

function visionFamily(
  modelType: string,
  name: string,
  kinds: readonly string[],
  tokens: readonly string[],
): Family {
  return {
    modelType,
    classes: kinds.map((kind) => `${name}${kind}`),
    buffers: /^$/,
    network: (fields, { has, architecture }) => {
      const prefix = has('embeddings.cls_token') ? '' : `${modelType}.`;
      const isNew = has(`${prefix}layers.0.layernorm_before.weight`);
      const d = describe(fields, prefix, tokens, isNew);
      const kind = (architecture ?? '').slice(name.length);
      // Of the bare model the pooler may be left out.
      const isPooled = kind === 'Model' && has(`${prefix}pooler.dense.weight`);
      const pooler = {
        name: `${prefix}pooler.dense`,
        outputs: fields.extent('pooler_output_size', d.width),
        activation: readActivation(fields, 'pooler_act', 'tanh'),
      };
      const head: VisionHead = {
        ...(isPooled ? { pooler } : {}),
        classifiers: classifiersOf(kind),
        classes: classCount(fields),
      };
      return visionClassifier(d, head);
    },
  };
}

function classifiersOf(kind: string): VisionHead['classifiers'] {
  switch (kind) {
    case 'ForImageClassification':
      return [{ name: 'classifier', token: 0 }];
    case 'ForImageClassificationWithTeacher':
      return [
        { name: 'cls_classifier', token: 0 },
        { name: 'distillation_classifier', token: 1 },
      ];
    default:
      return [];
  }
}

function describe(
  fields: Fields,
  prefix: string,
  tokens: readonly string[],
  isNew: boolean,
): VisionDescription {
  const [width, heads] = [fields.extent('hidden_size', 768), fields.extent('num_attention_heads', 12)];
  if (width % heads !== 0)
    throw fields.refuse('num_attention_heads', `${heads} heads do not divide a width of ${width}`);
  // Of training on masked images alone.
  fields.ignore('encoder_stride');
  return {
    channels: fields.extent('num_channels', 3),
    image: pair(fields, 'image_size', 224),
    patch: pair(fields, 'patch_size', 16),
    prefix,
    stem: {
      tokens: tokens.map((token) => ({ name: token, shape: [1, 1, width] })),
      positions: 'embeddings.position_embeddings',
      positionsHaveBatch: true,
      patches: 'embeddings.patch_embeddings.projection',
      patchBias: true,
    },
    finalNorm: 'layernorm',
    width,
    blocks: fields.extent('num_hidden_layers', 12),
    heads,
    keyHeads: heads,
    headWidth: width / heads,
    hidden: fields.extent('intermediate_size', 4 * width),
    blockList: isNew ? 'layers' : 'encoder.layer',
    names: isNew ? NEW_BLOCK : OLD_BLOCK,
    norm: { kind: 'layer', eps: fields.number('layer_norm_eps', 1e-12) },
    qkvLayout: 'joined',
    bias: { qkv: fields.flag('qkv_bias', true), out: true, mlp: true },
    activation: readActivation(fields, 'hidden_act', 'gelu'),
    residual: 'sequential',
    causal: false,
    scales: [],
    windows: [],
  };
}

/** One number for both, or [height, width]. */
export function pair(fields: Fields, name: string, fallback: number): readonly [number, number] {
  const value = fields.values[name];
  if (!Array.isArray(value)) {
    const size = fields.extent(name, fallback);
    return [size, size];
  }
  const [height = 0, width = 0, ...more] = fields.numbers(name);
  if (more.length === 0 && [height, width].every((size) => Number.isSafeInteger(size) && size > 0))
    return [height, width];
  throw fields.refuse(name, 'a positive integer or two of them expected');
}
