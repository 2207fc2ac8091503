import { FormatError, nearest } from '../../errors';

type JsonRecord = Readonly<Record<string, unknown>>;

/** What says nothing about a forward pass: how a model is trained, what its tokens are called, who wrote the file. */
const WITHOUT_BEARING: ReadonlySet<string> = new Set([
  ...[
    'model_type',
    'architectures',
    'transformers_version',
    '_name_or_path',
    'name_or_path',
    'torch_dtype',
    'dtype',
  ],
  ...[
    '_commit_hash',
    '_attn_implementation',
    '_attn_implementation_autoset',
    'attn_implementation',
    'auto_map',
  ],
  ...[
    'bos_token_id',
    'eos_token_id',
    'pad_token_id',
    'sep_token_id',
    'decoder_start_token_id',
    'cls_token_id',
  ],
  ...[
    'mask_token_id',
    'forced_bos_token_id',
    'forced_eos_token_id',
    'tokenizer_class',
    'prefix',
    'language',
    'n_ctx',
  ],
  ...['use_cache', 'return_dict', 'output_attentions', 'output_hidden_states', 'output_past', 'torchscript'],
  ...[
    'initializer_range',
    'initializer_factor',
    'gradient_checkpointing',
    'task_specific_params',
    'problem_type',
  ],
  ...[
    'id2label',
    'label2id',
    'num_labels',
    'finetuning_task',
    'use_bfloat16',
    'tf_legacy_loss',
    'pruned_heads',
  ],
  ...['chunk_size_feed_forward', 'cross_attention_hidden_size', 'is_encoder_decoder', 'is_decoder'],
  ...[
    'attention_dropout',
    'hidden_dropout',
    'classifier_dropout',
    'dropout',
    'resid_pdrop',
    'embd_pdrop',
    'attn_pdrop',
  ],
  ...[
    'attention_probs_dropout_prob',
    'hidden_dropout_prob',
    'embedding_dropout',
    'resid_dropout',
    'classifier_dropout_prob',
  ],
  ...[
    'summary_type',
    'summary_use_proj',
    'summary_activation',
    'summary_proj_to_labels',
    'summary_first_dropout',
  ],
  // Of generation; generation_config.json has the last word on them.
  ...[
    'max_length',
    'min_length',
    'do_sample',
    'early_stopping',
    'num_beams',
    'num_beam_groups',
    'diversity_penalty',
  ],
  ...[
    'temperature',
    'top_k',
    'top_p',
    'typical_p',
    'repetition_penalty',
    'length_penalty',
    'no_repeat_ngram_size',
  ],
  ...[
    'encoder_no_repeat_ngram_size',
    'bad_words_ids',
    'num_return_sequences',
    'output_scores',
    'suppress_tokens',
  ],
  ...[
    'return_dict_in_generate',
    'remove_invalid_values',
    'exponential_decay_length_penalty',
    'begin_suppress_tokens',
  ],
]);

/**
 * The fields of a configuration, each read once by name and kind. What was never read, and has a bearing on results for all we know,
 * is refused in the end: a model that is computed without it would be another model.
 */
export class Fields {
  readonly #read = new Set<string>();

  constructor(
    readonly values: JsonRecord,
    /** Names the file in messages. */
    readonly where: string,
  ) {}

  /** Null is as good as nothing. */
  has(name: string): boolean {
    return this.#peek(name) !== undefined;
  }

  /** A positive whole number. Without a default it must be there. */
  extent(name: string, fallback?: number): number {
    const value = this.#value(name) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
    throw this.#wrong(name, 'a positive integer', value);
  }

  number(name: string, fallback?: number): number {
    const value = this.#value(name) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.#wrong(name, 'a number', value);
  }

  flag(name: string, fallback?: boolean): boolean {
    const value = this.#value(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.#wrong(name, 'true or false', value);
  }

  text(name: string, fallback?: string): string {
    const value = this.#value(name) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.#wrong(name, 'a text', value);
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.#wrong(name, 'a list of texts', value);
  }

  numbers(name: string): readonly number[] {
    const value = this.#value(name);
    if (Array.isArray(value) && value.every((item) => Number.isFinite(item))) return value as number[];
    throw this.#wrong(name, 'a list of numbers', value);
  }

  /** The fields of an object; those that are not read are refused by its own `finish`. */
  inner(name: string): Fields | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#wrong(name, 'an object', value);
    return new Fields(value as JsonRecord, `${this.where}: '${name}'`);
  }

  /** Refuses a field that is there with another value than these: the only ones whose meaning is built. */
  only(name: string, ...supported: readonly (string | number | boolean)[]): void {
    const value = this.#value(name);
    if (value === undefined || supported.includes(value as string)) return;
    const list = supported.map((one) => JSON.stringify(one)).join(' or ');
    throw this.refuse(name, `${JSON.stringify(value)} is not supported, only ${list}`);
  }

  /** For a field whose value cannot be used. */
  refuse(name: string, why: string): FormatError {
    return new FormatError(`${this.where}: field '${name}': ${why}`);
  }

  /** Fields that say nothing about results here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** @throws FormatError for the first field that nobody has read. */
  finish(model: string): void {
    for (const name of Object.keys(this.values)) {
      if (!this.has(name) || this.#read.has(name) || WITHOUT_BEARING.has(name)) continue;
      const near = nearest(name, this.#read);
      const hint = near === undefined ? '' : `; did you mean '${near}'?`;
      throw new FormatError(
        `${this.where}: field '${name}' is not supported for ${model}${hint} ` +
          `If it has no bearing on results, load with { ignoreFields: ['${name}'] }`,
      );
    }
  }

  #peek(name: string): unknown {
    return Object.hasOwn(this.values, name) ? (this.values[name] ?? undefined) : undefined;
  }

  #value(name: string): unknown {
    this.#read.add(name);
    return this.#peek(name);
  }

  #wrong(name: string, expected: string, value: unknown): FormatError {
    const got = value === undefined ? 'but it is missing' : `got ${JSON.stringify(value)}`;
    return new FormatError(`${this.where}: field '${name}': ${expected} expected, ${got}`);
  }
}
