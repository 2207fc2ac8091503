import { runInNewContext } from 'node:vm';

import { Template } from '@huggingface/jinja';

import { checkOptions, describe, FormatError, isList, OptionError, unexpected } from '../../errors';

/** One turn of a conversation. Templates may know of further members. */
export interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
  readonly [member: string]: unknown;
}

export interface ChatOptions {
  /** Ends with what opens the answer of the assistant. Default false, as in `transformers`. */
  readonly addGenerationPrompt?: boolean;
  /** Which template, where a tokenizer has several. Default `default`. */
  readonly template?: string;
  /** Descriptions of functions that the model may call, as the template expects them. Default: none. */
  readonly tools?: readonly unknown[];
  /** Further variables of the template. Default: none. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** How long a template may run, in milliseconds. Templates are programs, and an endless one is easily written. */
const TIME_LIMIT = 5_000;

/**
 * The text of a conversation. Names of special tokens are variables of the template.
 * @throws OptionError for a template that is not there, and with the template's own words where it refuses the messages; FormatError
 *   for one that cannot be read or does not end.
 */
export function renderChat(
  templates: ReadonlyMap<string, string>,
  messages: readonly ChatMessage[],
  options: ChatOptions,
  tokens: Readonly<Record<string, string>>,
): string {
  checkOptions('chat', options, ['addGenerationPrompt', 'template', 'tools', 'variables']);
  checkMessages(messages);
  const { addGenerationPrompt = false, template: name = 'default', tools, variables = {} } = options;
  const source = templates.get(name);
  if (source === undefined) {
    const known = templates.size === 0 ? 'it has none' : `it has ${[...templates.keys()].join(', ')}`;
    throw new OptionError(`chat: the tokenizer has no template '${name}'; ${known}`);
  }
  const given = {
    ...tokens,
    messages,
    add_generation_prompt: addGenerationPrompt,
    ...(tools ? { tools } : {}),
    ...variables,
  };
  const parsed = read(name, source);
  try {
    return runInNewContext(
      'render()',
      { render: () => parsed.render(given) },
      { timeout: TIME_LIMIT },
    ) as string;
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new FormatError(`chat: template '${name}' did not end within ${TIME_LIMIT / 1000} seconds`, {
        cause,
      });
    }
    const why = (cause as { readonly message?: string }).message ?? String(cause);
    throw new OptionError(`chat: template '${name}' refuses the messages: ${why}`);
  }
}

function read(name: string, source: string): Template {
  try {
    return new Template(source);
  } catch (cause) {
    const why = (cause as { readonly message?: string }).message ?? String(cause);
    throw new FormatError(`chat: template '${name}': ${why}`, { cause });
  }
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (!isList(messages)) throw unexpected('chat', 'a list of messages', messages);
  messages.forEach((message: unknown, i) => {
    const role =
      typeof message === 'object' && message !== null && 'role' in message ? message.role : undefined;
    if (typeof role !== 'string') {
      throw new OptionError(`chat: message ${i}: an object with a role expected, got ${describe(message)}`);
    }
  });
}
