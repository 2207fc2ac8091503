import { FormatError } from '../../errors';

/** The tokens that have a part of their own, and their ids. What a tokenizer does not have is left out. */
export interface SpecialTokens {
  readonly bos?: SpecialToken;
  readonly eos?: SpecialToken;
  readonly pad?: SpecialToken;
  readonly unk?: SpecialToken;
  readonly cls?: SpecialToken;
  readonly sep?: SpecialToken;
  readonly mask?: SpecialToken;
}

export interface SpecialToken {
  readonly text: string;
  readonly id: number;
}

const ROLES = ['bos', 'eos', 'pad', 'unk', 'cls', 'sep', 'mask'] as const;

type JsonRecord = Readonly<Record<string, unknown>>;

/** The special tokens that the files name, the first file that names one first. */
export function specialTokensOf(
  files: readonly JsonRecord[],
  idOf: (text: string) => number | undefined,
  where: string,
): SpecialTokens {
  const found: Partial<Record<(typeof ROLES)[number], SpecialToken>> = {};
  for (const role of ROLES) {
    const text = files
      .map((file) => textOf(file[`${role}_token`], role, where))
      .find((one) => one !== undefined);
    if (text === undefined) continue;
    const id = idOf(text);
    if (id === undefined) {
      throw new FormatError(`${where}: the ${role}_token '${text}' is not in the vocabulary`);
    }
    found[role] = { text, id };
  }
  return found;
}

/** A token is a text, or an object that describes one. */
function textOf(value: unknown, role: string, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && 'content' in value && typeof value.content === 'string')
    return value.content;
  throw new FormatError(`${where}: ${role}_token: a text or an object with 'content' expected`);
}
