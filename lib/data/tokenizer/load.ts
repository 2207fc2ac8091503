import { join } from 'node:path';

import { FormatError, PalimpsestError } from '../../errors';
import { checkAborted } from '../../io/abort';
import { readBytes } from '../../io/readBytes';
import { systemCode } from '../../io/ioError';
import { parseStrictJson } from '../../io/strictJson';
import { engineOf } from './engine';
import { specialTokensOf } from './specialTokens';
import { Tokenizer } from './tokenizer';

type JsonRecord = Readonly<Record<string, unknown>>;

/** Where `transformers` writes a number for "no limit": 1e30, read from a file. */
const NO_LIMIT = 1e9;

/**
 * The tokenizer of a model folder: `tokenizer.json` and, where they are there, `tokenizer_config.json`, `special_tokens_map.json` and
 * the chat templates (`chat_template.jinja`, or the field of the configuration).
 *
 * @example
 * const tokenizer = await loadTokenizer('./gpt2');
 * const { ids } = tokenizer.encode('Who keeps the lantern?');
 * @throws FormatError that names the file and what is wrong with it; PalimpsestError ERR_IO; AbortedError.
 */
export async function loadTokenizer(
  folder: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json');
  const description = await objectIn(path, signal);
  const configPath = join(folder, 'tokenizer_config.json');
  const config = (await objectIn(configPath, signal, true)) ?? {};
  const map = (await objectIn(join(folder, 'special_tokens_map.json'), signal, true)) ?? {};
  const template = await textIn(join(folder, 'chat_template.jinja'), signal);
  checkAborted('loadTokenizer', signal);
  const where = `'${path}'`;
  if (description === undefined) throw new FormatError(`${where}: an object expected`);
  // Members that may be left out in the file must be there for the library.
  const whole = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    added_tokens: [],
  };
  const engine = engineOf({ ...whole, ...description }, config, where);
  const special = specialTokensOf([config, map], (token) => engine.token_to_id(token), `'${configPath}'`);
  const side = (name: string): 'left' | 'right' => {
    const value = config[name] ?? 'right';
    if (value === 'left' || value === 'right') return value;
    throw new FormatError(`'${configPath}': field '${name}': 'left' or 'right' expected`);
  };
  const limit = config.model_max_length;
  return new Tokenizer(
    engine,
    special,
    {
      paddingSide: side('padding_side'),
      truncationSide: side('truncation_side'),
      maxLength: typeof limit === 'number' && limit < NO_LIMIT ? limit : undefined,
    },
    templatesOf(config.chat_template, template, `'${configPath}'`),
    config.clean_up_tokenization_spaces === true,
  );
}

/** A file of its own has the last word. */
function templatesOf(field: unknown, file: string | undefined, where: string): ReadonlyMap<string, string> {
  const templates = new Map<string, string>();
  if (typeof field === 'string') templates.set('default', field);
  else if (Array.isArray(field)) {
    for (const item of field as readonly unknown[]) {
      const { name, template } = (item ?? {}) as JsonRecord;
      if (typeof name !== 'string' || typeof template !== 'string')
        throw new FormatError(
          `${where}: field 'chat_template': a name and a template expected in every entry`,
        );
      templates.set(name, template);
    }
  } else if (field !== undefined && field !== null) {
    throw new FormatError(`${where}: field 'chat_template': a text or a list expected`);
  }
  if (file !== undefined) templates.set('default', file);
  return templates;
}

async function objectIn(
  path: string,
  signal: AbortSignal | undefined,
  mayMiss = false,
): Promise<JsonRecord | undefined> {
  const text = mayMiss ? await textIn(path, signal) : (await readBytes(path, signal)).toString('utf8');
  if (text === undefined) return undefined;
  const value = parseStrictJson(text, `'${path}'`);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
  throw new FormatError(`'${path}': an object expected`);
}

/** The text of a file that need not be there. */
async function textIn(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return (await readBytes(path, signal)).toString('utf8');
  } catch (error) {
    const cause = error instanceof PalimpsestError ? error.cause : undefined;
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw error;
  }
}
