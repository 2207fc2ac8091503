import { checkOptions, isList, OptionError, unexpected } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { batchOf, type BatchEncodeOptions, type PromptAndAnswer, type TokenBatch } from './batch';
import { renderChat, type ChatMessage, type ChatOptions } from './chatTemplate';
import { checkLength, checkSide } from './checks';
import type { Engine } from './engine';
import type { SpecialTokens } from './specialTokens';

export interface EncodeOptions {
  /** A second text that belongs to the first, as encoders of sentence pairs expect it. Default: none. */
  readonly pair?: string;
  /** Puts the tokens around a text that its model expects: [CLS], `<s>`. Default true. */
  readonly addSpecialTokens?: boolean;
  /** Cuts to so many tokens, special ones included. Default: nothing is cut. */
  readonly maxLength?: number;
  /** Where a text that is too long is cut. Default: what `tokenizer_config.json` says, else `right`. */
  readonly truncationSide?: 'left' | 'right';
}

/** A text as tokens. */
export interface Encoding {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  /** 0 for tokens of the first text, 1 for those of the pair. */
  readonly typeIds: readonly number[];
}

export interface DecodeOptions {
  /** Leaves out special tokens. Default false. */
  readonly skipSpecialTokens?: boolean;
}

/** What the files beside the vocabulary say. */
export interface TokenizerDefaults {
  readonly paddingSide: 'left' | 'right';
  readonly truncationSide: 'left' | 'right';
  /** The longest text that the model was made for; undefined where it has no limit. */
  readonly maxLength: number | undefined;
}

const ENCODE_OPTIONS = ['pair', 'addSpecialTokens', 'maxLength', 'truncationSide'] as const;

/** Texts to token ids and back, as the files of a checkpoint say. `loadTokenizer` makes it. */
export class Tokenizer {
  readonly #engine: Engine;
  readonly #templates: ReadonlyMap<string, string>;
  readonly #cleanUp: boolean;

  /** @internal */
  constructor(
    engine: Engine,
    /** Special tokens by their part. */
    readonly special: SpecialTokens,
    readonly defaults: TokenizerDefaults,
    templates: ReadonlyMap<string, string>,
    cleanUp: boolean,
  ) {
    this.#engine = engine;
    this.#templates = templates;
    this.#cleanUp = cleanUp;
  }

  /** How many ids there are, those of added tokens included. */
  get vocabularySize(): number {
    return this.#engine.get_vocab(true).size;
  }

  /** The names of the chat templates. */
  get templates(): readonly string[] {
    return [...this.#templates.keys()];
  }

  /** The id of one token; undefined for what is no token. */
  idOf(token: string): number | undefined {
    return this.#engine.token_to_id(token);
  }

  /** The token of an id; undefined for what is no id. */
  tokenOf(id: number): string | undefined {
    return this.#engine.id_to_token(id);
  }

  /**
   * The tokens of one text.
   *
   * @example
   * tokenizer.encode('Who keeps the lantern?').ids;
   * @throws OptionError for a misspelled or impossible option; PalimpsestError ERR_ARGUMENT for what is no text.
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    checkOptions('encode', options, ENCODE_OPTIONS);
    const {
      pair,
      addSpecialTokens = true,
      maxLength,
      truncationSide = this.defaults.truncationSide,
    } = options;
    checkSide('encode', 'truncationSide', truncationSide);
    if (maxLength !== undefined) checkLength('encode', 'maxLength', maxLength);
    const first = this.#tokensOf(text);
    const second = pair === undefined ? null : this.#tokensOf(pair);
    if (maxLength !== undefined) {
      const added = this.#joined([], second && [], addSpecialTokens).tokens.length;
      cut(first, second, maxLength - added, truncationSide);
    }
    const { tokens, typeIds } = this.#joined(first, second, addSpecialTokens);
    return { ids: tokens.map((token) => this.#id(token)), tokens, typeIds };
  }

  /**
   * Several texts as one batch: padded to one length, with a mask that tells tokens (1) from padding (0), and with labels for training
   * when they are asked for, -100 wherever nothing is to be learned. A prompt with its answer is encoded in two pieces, so the border
   * between them is exact; its prompt is never learned.
   *
   * @example
   * const batch = tokenizer.encodeBatch(['A lantern.', 'Bees keep the garden.'], { paddingSide: 'left' });
   * const logits = model.forward(model.parameters, batch);
   * @throws OptionError for a misspelled or impossible option, and where there is no padding token.
   */
  encodeBatch(texts: readonly (string | PromptAndAnswer)[], options: BatchEncodeOptions = {}): TokenBatch {
    if (!isList(texts)) throw unexpected('encodeBatch', 'a list of texts', texts);
    return batchOf(this, texts, options);
  }

  /**
   * The text of ids.
   * @throws OptionError for an id that is not in the vocabulary; PalimpsestError ERR_ARGUMENT for what are no ids.
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    checkOptions('decode', options, ['skipSpecialTokens']);
    const given: unknown = ids;
    if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
      throw unexpected('decode', 'a list of token ids', given);
    }
    const list = Array.from(ids, Number);
    const unknown = list.find((id) => this.#engine.id_to_token(id) === undefined);
    if (unknown !== undefined) throw new OptionError(`decode: no token has the id ${unknown}`);
    if (list.length === 0) return '';
    return this.#engine.decode(list, {
      skip_special_tokens: options.skipSpecialTokens ?? false,
      clean_up_tokenization_spaces: this.#cleanUp,
    });
  }

  /** The texts of the rows of ids, int32 or int64 [N, T]. */
  async decodeBatch(
    ids: Tensor | readonly Iterable<number>[],
    options: DecodeOptions = {},
  ): Promise<string[]> {
    const rows = isList(ids) ? (ids as readonly Iterable<number>[]) : await rowsOf(ids as Tensor);
    return rows.map((row) => this.decode(row, options));
  }

  /**
   * A conversation as the text that its model was trained on, by the chat template of the files (a Jinja template, which may run for
   * five seconds at most). Encode it with `addSpecialTokens: false`: the template has written them.
   *
   * @example
   * tokenizer.chat([{ role: 'user', content: 'Who keeps bees?' }], { addGenerationPrompt: true });
   * @throws OptionError for a template that is not there, and where it refuses the messages; FormatError for a template with faults.
   */
  chat(messages: readonly ChatMessage[], options: ChatOptions = {}): string {
    const tokens: Record<string, string> = {};
    for (const [role, token] of Object.entries(this.special) as [string, { readonly text: string }][]) {
      tokens[`${role}_token`] = token.text;
    }
    return renderChat(this.#templates, messages, options, tokens);
  }

  #tokensOf(text: string): string[] {
    if (typeof text !== 'string') throw unexpected('encode', 'a text', text);
    // Without special tokens this is what stands between them.
    return this.#engine.tokenize(text);
  }

  #joined(
    first: string[],
    second: string[] | null,
    addSpecialTokens: boolean,
  ): { readonly tokens: readonly string[]; readonly typeIds: readonly number[] } {
    const processed = this.#engine.post_processor?.(first, second, addSpecialTokens);
    // The library's step for bytes forgets the pair; nothing else makes fewer tokens.
    const isWhole = processed && processed.tokens.length >= first.length + (second?.length ?? 0);
    const joined = isWhole ? processed : undefined;
    const tokens = joined?.tokens ?? [...first, ...(second ?? [])];
    const types = joined?.token_type_ids;
    const plain = tokens.map((_, i) => (second && i >= tokens.length - second.length ? 1 : 0));
    return { tokens, typeIds: types?.length === tokens.length ? types : plain };
  }

  #id(token: string): number {
    const id = this.#engine.token_to_id(token) ?? this.#engine.model?.unk_token_id ?? this.special.unk?.id;
    if (id !== undefined) return id;
    throw new OptionError(
      `encode: '${token}' is not in the vocabulary, which has no token for what is unknown`,
    );
  }
}

/** Cuts the longer of the two until both fit. */
function cut(first: string[], second: string[] | null, room: number, side: 'left' | 'right'): void {
  if (room < 0) throw new OptionError(`encode: maxLength leaves no room for the special tokens`);
  while (first.length + (second?.length ?? 0) > room) {
    const longer = second && second.length > first.length ? second : first;
    if (side === 'right') longer.pop();
    else longer.shift();
  }
}

async function rowsOf(ids: Tensor): Promise<number[][]> {
  const [rows = 0, steps = 0] = ids.shape;
  const data = Array.from((await ids.data()) as ArrayLike<number | bigint>, Number);
  return Array.from({ length: rows }, (_, i) => data.slice(i * steps, (i + 1) * steps));
}
