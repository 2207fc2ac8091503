import { readActivation } from '../decoder/activations';
import { encoderFamily } from './encoderFamily';

/** DistilBERT (Sanh et al. 2019): half of BERT's blocks, without types of text and without a pooler. */
export const distilbert = encoderFamily(
  'distilbert',
  'DistilBert',
  {
    poolsTexts: false,
    maskedTokens: ({ width, activation }) => ({
      layer: { name: 'vocab_transform', outputs: width, activation },
      norm: 'vocab_layer_norm',
      output: 'vocab_projector',
      bias: 'vocab_projector.bias',
    }),
    text: (width, classes) => [
      { name: 'pre_classifier', outputs: width, activation: 'relu' },
      { name: 'classifier', outputs: classes },
    ],
  },
  (fields) => {
    const [width, heads, blocks] = [
      fields.extent('dim'),
      fields.extent('n_heads'),
      fields.extent('n_layers'),
    ];
    if (width % heads !== 0)
      throw fields.refuse('n_heads', `${heads} heads do not divide a width of ${width}`);
    // The tables hold the sines as they are: nothing is made anew.
    fields.ignore('sinusoidal_pos_embds', 'tie_weights_', 'seq_classif_dropout', 'qa_dropout');
    return {
      vocabulary: fields.extent('vocab_size'),
      positionCount: fields.extent('max_position_embeddings', 512),
      positions: { kind: 'counted' },
      tokenTypes: 0,
      prefix: 'distilbert',
      width,
      blocks,
      heads,
      keyHeads: heads,
      headWidth: width / heads,
      hidden: fields.extent('hidden_dim', 4 * width),
      blockList: 'transformer.layer',
      names: {
        qkv: ['attention.q_lin', 'attention.k_lin', 'attention.v_lin'],
        out: 'attention.out_lin',
        attentionPostNorm: 'sa_layer_norm',
        up: 'ffn.lin1',
        down: 'ffn.lin2',
        mlpPostNorm: 'output_layer_norm',
      },
      norm: { kind: 'layer', eps: 1e-12 },
      qkvLayout: 'joined',
      bias: { qkv: true, out: true, mlp: true },
      activation: readActivation(fields, 'activation', 'gelu'),
      residual: 'postNorm',
      causal: false,
      scales: [],
      windows: [],
    };
  },
);
