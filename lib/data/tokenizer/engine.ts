import * as library from '@huggingface/tokenizers';

import { FormatError } from '../../errors';

/** What is used of the library behind the tokenizers: its own types cannot be resolved by every compiler. */
export interface Engine {
  tokenize(text: string): string[];
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces?: boolean },
  ): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(withAdded: boolean): Map<string, number>;
  readonly model: { readonly unk_token_id?: number } | null;
  readonly post_processor:
    | ((
        tokens: string[],
        pair: string[] | null,
        addSpecialTokens: boolean,
      ) => { readonly tokens: string[]; readonly token_type_ids?: number[] })
    | null;
}

const { Tokenizer: Library } = library as unknown as {
  readonly Tokenizer: new (description: object, config: object) => Engine;
};

/** @throws FormatError, naming the file, for a description that the library does not know. */
export function engineOf(description: object, config: object, where: string): Engine {
  try {
    return new Library(description, config);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${where}: ${why}`, { cause });
  }
}
