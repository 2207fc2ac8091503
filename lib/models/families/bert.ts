import { readActivation } from '../decoder/activations';
import type { Fields } from '../checkpoint/fields';
import type { EncoderDescription, PositionRule } from '../encoder/description';
import { encoderFamily } from './encoderFamily';

/** BERT (Devlin et al. 2019), and MiniLM, which is one: norms behind the sums, two types of text. */
export const bert = encoderFamily(
  'bert',
  'Bert',
  {
    poolsTexts: true,
    maskedTokens: ({ width, activation }) => ({
      layer: { name: 'cls.predictions.transform.dense', outputs: width, activation },
      norm: 'cls.predictions.transform.LayerNorm',
      output: 'cls.predictions.decoder',
      bias: 'cls.predictions.bias',
    }),
    text: (_, classes) => [{ name: 'classifier', outputs: classes }],
  },
  (fields) => bertLike(fields, 'bert', { kind: 'counted' }),
);

/** RoBERTa (Liu et al. 2019): BERT whose positions begin behind the padding's id, without a pooler before its head. */
export const roberta = encoderFamily(
  'roberta',
  'Roberta',
  {
    poolsTexts: false,
    maskedTokens: ({ width }) => ({
      layer: { name: 'lm_head.dense', outputs: width, activation: 'gelu' },
      norm: 'lm_head.layer_norm',
      output: 'lm_head.decoder',
      bias: 'lm_head.bias',
    }),
    text: (width, classes) => [
      { name: 'classifier.dense', outputs: width, activation: 'tanh' },
      { name: 'classifier.out_proj', outputs: classes },
    ],
  },
  (fields) => {
    const padding = fields.number('pad_token_id', 1);
    return bertLike(fields, 'roberta', { kind: 'behindPadding', padding });
  },
);

function bertLike(fields: Fields, prefix: string, positions: PositionRule): EncoderDescription {
  const [width, heads] = [fields.extent('hidden_size'), fields.extent('num_attention_heads')];
  const blocks = fields.extent('num_hidden_layers');
  if (width % heads !== 0)
    throw fields.refuse('num_attention_heads', `${heads} heads do not divide a width of ${width}`);
  fields.only('position_embedding_type', 'absolute');
  fields.only('is_decoder', false);
  fields.only('add_cross_attention', false);
  return {
    vocabulary: fields.extent('vocab_size'),
    positionCount: fields.extent('max_position_embeddings', 512),
    positions,
    tokenTypes: fields.extent('type_vocab_size', 2),
    prefix,
    pooler: { name: 'pooler.dense', outputs: width, activation: 'tanh' },
    width,
    blocks,
    heads,
    keyHeads: heads,
    headWidth: width / heads,
    hidden: fields.extent('intermediate_size', 4 * width),
    blockList: 'encoder.layer',
    names: {
      qkv: ['attention.self.query', 'attention.self.key', 'attention.self.value'],
      out: 'attention.output.dense',
      attentionPostNorm: 'attention.output.LayerNorm',
      up: 'intermediate.dense',
      down: 'output.dense',
      mlpPostNorm: 'output.LayerNorm',
    },
    norm: { kind: 'layer', eps: fields.number('layer_norm_eps', 1e-12) },
    qkvLayout: 'joined',
    bias: { qkv: true, out: true, mlp: true },
    activation: readActivation(fields, 'hidden_act', 'gelu'),
    residual: 'postNorm',
    causal: false,
    scales: [],
    windows: [],
  };
}
