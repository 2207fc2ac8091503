import { checkOptions, OptionError } from '../../errors';
import { tensor } from '../../graph/create';
import type { Tensor } from '../../graph/tensor';
import { checkLength, checkSide } from './checks';
import type { EncodeOptions, Tokenizer } from './tokenizer';

/** A text to learn an answer from: nothing of the prompt is learned. */
export interface PromptAndAnswer {
  readonly prompt: string;
  readonly answer: string;
}

export interface BatchEncodeOptions extends Pick<
  EncodeOptions,
  'addSpecialTokens' | 'maxLength' | 'truncationSide'
> {
  /** To the length of the longest, or to so many tokens. Default `longest`. */
  readonly padding?: 'longest' | number;
  /** Default: what `tokenizer_config.json` says, else `right`. Prompts for generation are padded on the left. */
  readonly paddingSide?: 'left' | 'right';
  /** Rounds the length up, so that few shapes have to be compiled. Default 1. */
  readonly padToMultipleOf?: number;
  /** What stands in padding. Default: the padding token. */
  readonly padId?: number;
  /** Whether there are labels: the ids, and -100 where nothing is learned. Default false. */
  readonly labels?: boolean;
  /** Whether the token for the end stands behind every text. Default false. */
  readonly addEos?: boolean;
}

/** Inputs of a model of texts, each int32 [N, T]. */
export interface TokenBatch {
  readonly inputIds: Tensor;
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: Tensor;
  /** Which of two texts a token belongs to. */
  readonly tokenTypeIds: Tensor;
  /** The ids, and -100 in padding and prompts; only when they are asked for. */
  readonly labels?: Tensor;
}

/** No loss is taken where a label is this; the number is that of PyTorch's cross-entropy. */
const IGNORED = -100;

const OPTIONS = [
  ...[
    'addSpecialTokens',
    'maxLength',
    'truncationSide',
    'padding',
    'paddingSide',
    'padToMultipleOf',
    'padId',
  ],
  ...['labels', 'addEos'],
];

interface Row {
  readonly ids: readonly number[];
  /** How many of them are not learned from. */
  readonly promptLength: number;
}

export function batchOf(
  tokenizer: Tokenizer,
  texts: readonly (string | PromptAndAnswer)[],
  options: BatchEncodeOptions,
): TokenBatch {
  checkOptions('encodeBatch', options, OPTIONS);
  const { padding = 'longest', paddingSide = tokenizer.defaults.paddingSide, padToMultipleOf = 1 } = options;
  checkSide('encodeBatch', 'paddingSide', paddingSide);
  checkLength('encodeBatch', 'padToMultipleOf', padToMultipleOf);
  if (padding !== 'longest') checkLength('encodeBatch', 'padding', padding);
  const rows = texts.map((text) => rowOf(tokenizer, text, options));
  const longest = rows.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  if (padding !== 'longest' && longest > padding) {
    throw new OptionError(
      `encodeBatch: a text has ${longest} tokens, more than the padding of ${padding}; set maxLength to cut it`,
    );
  }
  const steps = Math.ceil((padding === 'longest' ? longest : padding) / padToMultipleOf) * padToMultipleOf;
  const padId = padIdOf(
    tokenizer,
    options,
    rows.some(({ ids }) => ids.length < steps),
  );
  const size = rows.length * steps;
  const [ids, mask, labels] = [
    new Int32Array(size).fill(padId),
    new Int32Array(size),
    new Int32Array(size).fill(IGNORED),
  ];
  rows.forEach((row, n) => {
    const start = n * steps + (paddingSide === 'left' ? steps - row.ids.length : 0);
    ids.set(row.ids, start);
    mask.fill(1, start, start + row.ids.length);
    labels.set(row.ids.slice(row.promptLength), start + row.promptLength);
  });
  const made = (values: Int32Array): Tensor => tensor(values, { shape: [rows.length, steps] });
  return {
    inputIds: made(ids),
    attentionMask: made(mask),
    tokenTypeIds: made(new Int32Array(size)),
    ...(options.labels === true ? { labels: made(labels) } : {}),
  };
}

function rowOf(tokenizer: Tokenizer, text: string | PromptAndAnswer, options: BatchEncodeOptions): Row {
  const { addSpecialTokens = true, maxLength, truncationSide, addEos = false } = options;
  const { eos } = tokenizer.special;
  if (addEos && !eos) throw new OptionError('encodeBatch: addEos: the tokenizer has no token for the end');
  const end = addEos && eos ? [eos.id] : [];
  const side = truncationSide ?? tokenizer.defaults.truncationSide;
  if (typeof text === 'string') {
    const room = maxLength === undefined ? {} : { maxLength: maxLength - end.length };
    const { ids } = tokenizer.encode(text, { addSpecialTokens, truncationSide: side, ...room });
    return { ids: [...ids, ...end], promptLength: 0 };
  }
  const prompt = tokenizer.encode(text.prompt, { addSpecialTokens }).ids;
  const answer = [...tokenizer.encode(text.answer, { addSpecialTokens: false }).ids, ...end];
  const all = [...prompt, ...answer];
  const excess = maxLength === undefined ? 0 : Math.max(all.length - maxLength, 0);
  if (maxLength !== undefined) checkLength('encodeBatch', 'maxLength', maxLength);
  if (side === 'left') return { ids: all.slice(excess), promptLength: Math.max(prompt.length - excess, 0) };
  const ids = all.slice(0, all.length - excess);
  return { ids, promptLength: Math.min(prompt.length, ids.length) };
}

function padIdOf(tokenizer: Tokenizer, { padId }: BatchEncodeOptions, isNeeded: boolean): number {
  const id = padId ?? tokenizer.special.pad?.id;
  if (id !== undefined && Number.isSafeInteger(id) && id >= 0 && id < 2 ** 31) return id;
  if (id !== undefined) throw new OptionError(`encodeBatch: padId must be a token id, got ${String(id)}`);
  if (!isNeeded) return 0;
  throw new OptionError(
    'encodeBatch: the tokenizer has no padding token, and the texts differ in length; give a padId, ' +
      'any id will do: the mask hides it',
  );
}
