import type { Fields } from '../checkpoint/fields';
import type { EncoderDescription, EncoderHead } from '../encoder/description';
import { encoder } from '../encoder/encoder';
import type { Family } from './family';

/** What the heads of a family are called. */
export interface EncoderHeads {
  readonly maskedTokens: (
    description: EncoderDescription,
  ) => Omit<Extract<EncoderHead, { kind: 'maskedTokens' }>, 'kind' | 'tied'>;
  /** Of texts: layers behind the first step, or behind the pooler. */
  readonly text: (width: number, classes: number) => Extract<EncoderHead, { kind: 'text' }>['layers'];
  /** Whether the classifier of texts goes through the pooler. */
  readonly poolsTexts: boolean;
}

const BUFFERS = /(?:^|\.)embeddings\.(?:position_ids|token_type_ids)$/;

/** A family of encoders with the heads that `transformers` has for them. */
export function encoderFamily(
  modelType: string,
  name: string,
  heads: EncoderHeads,
  describe: (fields: Fields) => EncoderDescription,
): Family {
  const classes = [
    'Model',
    'ForMaskedLM',
    'ForSequenceClassification',
    'ForTokenClassification',
    'ForQuestionAnswering',
  ];
  return {
    modelType,
    classes: classes.map((kind) => `${name}${kind}`),
    buffers: BUFFERS,
    network: (fields, { has, architecture }) => {
      const { pooler, ...bare } = describe(fields);
      const isTied = fields.flag('tie_word_embeddings', true);
      const kind = (architecture ?? '').slice(name.length);
      const { width } = bare;
      // Of the bare model the pooler may be left out.
      const poolerName = `${pooler?.name ?? ''}.weight`;
      const isPooled =
        pooler !== undefined &&
        ((kind === 'ForSequenceClassification' && heads.poolsTexts) ||
          (kind === 'Model' && (has(poolerName) || has(`${bare.prefix}.${poolerName}`))));
      const description = isPooled ? { ...bare, pooler } : bare;
      const prefix = has('embeddings.word_embeddings.weight') ? '' : bare.prefix;
      return encoder(description, headOf(), prefix);

      function headOf(): EncoderHead {
        switch (kind) {
          case 'ForMaskedLM':
            return { kind: 'maskedTokens', ...heads.maskedTokens(description), tied: isTied };
          case 'ForSequenceClassification':
            return { kind: 'text', layers: heads.text(width, classCount(fields)) };
          case 'ForTokenClassification':
            return { kind: 'steps', layer: { name: 'classifier', outputs: classCount(fields) } };
          case 'ForQuestionAnswering':
            // Where the answer begins, and where it ends.
            return { kind: 'steps', layer: { name: 'qa_outputs', outputs: 2 } };
          default:
            return { kind: 'none' };
        }
      }
    },
  };
}

/** How many classes a head has: as many as have names, or two. */
export function classCount(fields: Fields): number {
  const names = fields.values['id2label'];
  if (typeof names === 'object' && names !== null) return Object.keys(names).length;
  return fields.extent('num_labels', 2);
}
