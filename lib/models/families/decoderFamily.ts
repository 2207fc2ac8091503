import { decoder, type TextHead } from '../decoder/decoder';
import type { DecoderDescription } from '../decoder/description';
import type { Fields } from '../checkpoint/fields';
import { classCount } from './encoderFamily';
import type { Family } from './family';

/** Of old versions of `transformers`: masks and frequencies that are made anew today. */
const BUFFERS = /(?:^|\.)(?:rotary_emb\.inv_freq|attn\.(?:masked_)?bias|attention\.(?:masked_)?bias)$/;

/** A family of decoder-only language models: a reader of configurations is all there is to it. */
export function decoderFamily(
  modelType: string,
  name: string,
  describe: (fields: Fields) => DecoderDescription,
): Family {
  const [withHead, bare, ofTexts] = [
    `${name}ForCausalLM`,
    `${name}Model`,
    `${name}ForSequenceClassification`,
  ];
  // GPT-2 has an older name for its head.
  const causal = name === 'GPT2' ? 'GPT2LMHeadModel' : withHead;
  return {
    modelType,
    classes: [causal, bare, ofTexts],
    buffers: BUFFERS,
    network: (fields, { has, architecture }) => {
      const description = describe(fields);
      const { prefix, tokens } = description;
      const textHead = (): TextHead => ({
        classes: classCount(fields),
        padding: fields.has('pad_token_id') ? fields.number('pad_token_id') : undefined,
      });
      return decoder(description, {
        head: architecture === ofTexts ? textHead() : architecture === bare ? 'none' : 'tokens',
        prefix: has(`${tokens}.weight`) ? '' : prefix,
      });
    },
  };
}
