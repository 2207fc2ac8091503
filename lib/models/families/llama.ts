import { decoderFamily } from './decoderFamily';
import { attentionBias, llamaLike } from './llamaLike';

/** Llama 1 to 3 (Touvron et al. 2023, Grattafiori et al. 2024). */
export const llama = decoderFamily('llama', 'Llama', (fields) => ({
  ...llamaLike(fields),
  bias: { ...attentionBias(fields), mlp: fields.flag('mlp_bias', false) },
}));
