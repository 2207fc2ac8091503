import type { ActivationName } from '../decoder/activations';
import { t5 as network } from '../encoderDecoder/t5';
import type { Family } from './family';

/** T5 (Raffel et al. 2020) and FLAN-T5: an encoder and a decoder, or the encoder alone. */
export const t5: Family = {
  modelType: 't5',
  classes: ['T5ForConditionalGeneration', 'T5EncoderModel'],
  buffers: /^$/,
  network: (fields, { architecture, has }) => {
    const blocks = fields.extent('num_layers', 6);
    const decoderBlocks = fields.extent('num_decoder_layers', blocks);
    const form = fields.text('feed_forward_proj', 'relu');
    const isGated = form.startsWith('gated-');
    const activation = isGated ? form.slice('gated-'.length) : form;
    if (!['relu', 'gelu', 'silu', 'gelu_new'].includes(activation))
      throw fields.refuse('feed_forward_proj', `unknown activation '${activation}'`);
    // What follows from feed_forward_proj, and what training is about.
    fields.ignore('dense_act_fn', 'is_gated_act', 'dropout_rate');
    // Version 5 of `transformers` writes the first as true for all of them, and what it once meant as the second.
    const isTied = fields.flag('tie_word_embeddings', true);
    const scalesLogits = fields.flag('scale_decoder_outputs', isTied);
    const isHeadTied = (isTied && scalesLogits) || !has('lm_head.weight');
    return network({
      vocabulary: fields.extent('vocab_size', 32128),
      width: fields.extent('d_model', 512),
      heads: fields.extent('num_heads', 8),
      headWidth: fields.extent('d_kv', 64),
      hidden: fields.extent('d_ff', 2048),
      encoderBlocks: blocks,
      decoderBlocks: architecture === 'T5EncoderModel' ? 0 : decoderBlocks,
      buckets: {
        count: fields.extent('relative_attention_num_buckets', 32),
        farthest: fields.extent('relative_attention_max_distance', 128),
      },
      norm: { kind: 'rms', eps: fields.number('layer_norm_epsilon', 1e-6) },
      // 'gated-gelu' has always been the form with tanh.
      activation: (form === 'gated-gelu' ? 'gelu_new' : activation) as ActivationName,
      isGated,
      isHeadTied,
      scalesLogits,
    });
  },
};
