import { readActivation } from '../decoder/activations';
import type { StackDescription } from '../decoder/description';
import type { Fields } from '../checkpoint/fields';
import { clipModel, clipTextModel, clipVisionModel } from '../vision/clip';
import type { ClipTextDescription } from '../vision/clipText';
import type { VisionDescription } from '../vision/visionTransformer';
import type { CheckpointNames, Family } from './family';
import { pair } from './vit';

const BUFFERS = /(?:^|\.)embeddings\.position_ids$/;

/** CLIP (Radford et al. 2021): both towers. */
export const clip: Family = {
  modelType: 'clip',
  classes: ['CLIPModel'],
  buffers: BUFFERS,
  network: (fields, names) => {
    const [text, vision] = [fields.inner('text_config'), fields.inner('vision_config')];
    if (!text) throw fields.refuse('text_config', 'an object expected');
    if (!vision) throw fields.refuse('vision_config', 'an object expected');
    fields.ignore('logit_scale_init_value', 'text_config_dict', 'vision_config_dict');
    const [texts, images] = [textTower(text, names), visionTower(vision, names)];
    for (const part of [text, vision]) {
      // That of the whole counts.
      part.ignore('projection_dim');
      part.finish("'clip'");
    }
    return clipModel(texts, images, fields.extent('projection_dim', 512));
  },
};

/** Its tower of texts alone, as Stable Diffusion has it. */
export const clipText: Family = {
  modelType: 'clip_text_model',
  classes: ['CLIPTextModel', 'CLIPTextModelWithProjection'],
  buffers: BUFFERS,
  network: (fields, names) => {
    const outputs = fields.extent('projection_dim', 512);
    const isProjected = names.architecture === 'CLIPTextModelWithProjection';
    return clipTextModel(textTower(fields, names), isProjected ? outputs : undefined);
  },
};

/** Its tower of images alone. */
export const clipVision: Family = {
  modelType: 'clip_vision_model',
  classes: ['CLIPVisionModel', 'CLIPVisionModelWithProjection'],
  buffers: BUFFERS,
  network: (fields, names) => {
    const outputs = fields.extent('projection_dim', 512);
    const isProjected = names.architecture === 'CLIPVisionModelWithProjection';
    return clipVisionModel(visionTower(fields, names), isProjected ? outputs : undefined);
  },
};

/** 2 was written where 49407 was meant: such texts end at their highest id. */
const MISTAKEN_END = 2;

function textTower(fields: Fields, { has }: CheckpointNames): ClipTextDescription {
  const end = fields.number('eos_token_id', MISTAKEN_END);
  return {
    ...stackOf(fields, { width: 512, heads: 8 }),
    vocabulary: fields.extent('vocab_size', 49408),
    positionCount: fields.extent('max_position_embeddings', 77),
    end: end === MISTAKEN_END ? 'highest' : end,
    prefix: has('embeddings.token_embedding.weight') ? '' : 'text_model.',
    causal: true,
  };
}

function visionTower(fields: Fields, { has }: CheckpointNames): VisionDescription {
  const stack = stackOf(fields, { width: 768, heads: 12 });
  return {
    ...stack,
    channels: fields.extent('num_channels', 3),
    image: pair(fields, 'image_size', 224),
    patch: pair(fields, 'patch_size', 32),
    prefix: has('embeddings.class_embedding') ? '' : 'vision_model.',
    stem: {
      tokens: [{ name: 'embeddings.class_embedding', shape: [stack.width] }],
      positions: 'embeddings.position_embedding.weight',
      positionsHaveBatch: false,
      patches: 'embeddings.patch_embedding',
      patchBias: false,
      // So it is written in all checkpoints.
      norm: 'pre_layrnorm',
    },
    causal: false,
  };
}

function stackOf(
  fields: Fields,
  usual: { readonly width: number; readonly heads: number },
): Omit<StackDescription, 'causal'> {
  const width = fields.extent('hidden_size', usual.width);
  const heads = fields.extent('num_attention_heads', usual.heads);
  if (width % heads !== 0)
    throw fields.refuse('num_attention_heads', `${heads} heads do not divide a width of ${width}`);
  return {
    width,
    blocks: fields.extent('num_hidden_layers', 12),
    heads,
    keyHeads: heads,
    headWidth: width / heads,
    hidden: fields.extent('intermediate_size', 4 * width),
    blockList: 'encoder.layers',
    names: {
      attentionNorm: 'layer_norm1',
      mlpNorm: 'layer_norm2',
      qkv: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
      out: 'self_attn.out_proj',
      up: 'mlp.fc1',
      down: 'mlp.fc2',
    },
    norm: { kind: 'layer', eps: fields.number('layer_norm_eps', 1e-5) },
    qkvLayout: 'joined',
    bias: { qkv: true, out: true, mlp: true },
    activation: readActivation(fields, 'hidden_act', 'quick_gelu'),
    residual: 'sequential',
    scales: [],
    windows: [],
  };
}
