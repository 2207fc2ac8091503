import { decoder } from '../decoder/decoder';
import type { DecoderDescription } from '../decoder/description';
import type { Fields } from '../checkpoint/fields';
import type { Family } from './family';

/** Of old versions of `transformers`: masks and frequencies that are made anew today. */
const BUFFERS = /(?:^|\.)(?:rotary_emb\.inv_freq|attn\.(?:masked_)?bias|attention\.(?:masked_)?bias)$/;

/** A family of decoder-only language models: a reader of configurations is all there is to it. */
export function decoderFamily(
  modelType: string,
  name: string,
  describe: (fields: Fields) => DecoderDescription,
): Family {
  const [withHead, bare] = [`${name}ForCausalLM`, `${name}Model`];
  // GPT-2 has an older name for its head.
  const causal = name === 'GPT2' ? 'GPT2LMHeadModel' : withHead;
  return {
    modelType,
    classes: [causal, bare],
    buffers: BUFFERS,
    network: (fields, { has, architecture }) => {
      const description = describe(fields);
      const { prefix, tokens } = description;
      return decoder(description, {
        hasHead: architecture !== bare,
        prefix: has(`${tokens}.weight`) ? '' : prefix,
      });
    },
  };
}
