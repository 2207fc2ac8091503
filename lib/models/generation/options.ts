import {
  checkFunction,
  checkOptions,
  checkRecord,
  describe,
  isList,
  OptionError,
  unexpected,
} from '../../errors';
import type { Tokenizer } from '../../data/tokenizer';
import type { Parameters } from '../../graph/parameters';
import type { Branch, Combine } from './branches';
import type { LanguageModel } from './languageModel';
import type { LogitProcessor } from './processors';

/** How texts go on. Defaults are those of `transformers` unless it says otherwise; no file of the model changes them but the end. */
export interface GenerateOptions {
  /** Default: those of the model. */
  readonly parameters?: Parameters;
  /** How many tokens at most. Default 20. */
  readonly maxNewTokens?: number;
  /** The end does not come before so many tokens. Default 0. */
  readonly minNewTokens?: number;
  /** Draws from the probabilities, and does not take the likeliest. Default false. */
  readonly sample?: boolean;
  /** Of drawing: scores are divided by it. Default 1. */
  readonly temperature?: number;
  /** Of drawing: only the so many likeliest. Default: all (`transformers`: 50). */
  readonly topK?: number;
  /** Of drawing: only the likeliest that make up this probability. Default 1. */
  readonly topP?: number;
  /** Of drawing: only what is at least so many times as likely as the likeliest. Default 0. */
  readonly minP?: number;
  /** How many texts from each prompt: so many draws, or the so many best beams. Default 1. */
  readonly samples?: number;
  /** Of drawing; row n of step t is a function of the seed, n and t alone. Default 0. */
  readonly seed?: number;
  /** How many texts are followed at once, of which the likeliest wins. Default 1: no beam search. */
  readonly beams?: number;
  /** Of beams: log-probabilities are divided by the length to this power. Default 1. */
  readonly lengthPenalty?: number;
  /** Of beams: end with as many finished texts as beams (true), when better ones are unlikely (false) or impossible (`never`). Default false. */
  readonly earlyStopping?: boolean | 'never';
  /** Default 1: none. */
  readonly repetitionPenalty?: number;
  /** No run of so many tokens comes twice. Default 0: any may. */
  readonly noRepeatNgram?: number;
  /** Tokens that never come. Default: none. */
  readonly suppressTokens?: readonly number[];
  /** Tokens that do not come first. Default: none. */
  readonly beginSuppressTokens?: readonly number[];
  /** Tokens by the step at which they come, counted from 0. Default: none. */
  readonly forcedTokens?: Readonly<Record<number, number>>;
  /** The token that comes when the length is reached. Default: none. */
  readonly forcedEos?: number;
  /** Further changes of the scores, after those above and before those of drawing. Default: none. */
  readonly processors?: readonly LogitProcessor[];
  /** Tokens that end a text. Default: what generation_config.json or config.json says; else none. */
  readonly eos?: number | readonly number[];
  /** Texts that end it; they stay. Need a `tokenizer`. Default: none. */
  readonly stopStrings?: readonly string[];
  /** Makes texts of the tokens, too. Default: none. */
  readonly tokenizer?: Tokenizer;
  /** Runs in lock step with the first. Default: none. */
  readonly branches?: readonly Branch[];
  /** How the scores of all runs become one; must be there when there are branches. */
  readonly combine?: Combine;
  /** Keeps keys and values of earlier steps. Default true; without, every step computes the whole text. */
  readonly cache?: boolean;
  /** By how many steps the shapes grow: programs are compiled once for each. Default 64; 1 for exact shapes. */
  readonly bucket?: number;
}

const NAMES: Readonly<Record<keyof GenerateOptions, true>> = {
  parameters: true,
  maxNewTokens: true,
  minNewTokens: true,
  sample: true,
  temperature: true,
  topK: true,
  topP: true,
  minP: true,
  samples: true,
  seed: true,
  beams: true,
  lengthPenalty: true,
  earlyStopping: true,
  repetitionPenalty: true,
  noRepeatNgram: true,
  suppressTokens: true,
  beginSuppressTokens: true,
  forcedTokens: true,
  forcedEos: true,
  processors: true,
  eos: true,
  stopStrings: true,
  tokenizer: true,
  branches: true,
  combine: true,
  cache: true,
  bucket: true,
};

type Rule = readonly [allowed: (value: unknown) => boolean, what: string];
const whole = (least: number): Rule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `an integer of at least ${least}`,
];
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const above0: Rule = [(value) => isNumber(value) && value > 0, 'a positive number'];
const flag: Rule = [(value) => typeof value === 'boolean', 'true or false'];
const ids: Rule = [(value) => Array.isArray(value) && value.every(isToken), 'a list of token ids'];

function isToken(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const RULES: Partial<Record<keyof GenerateOptions, Rule>> = {
  maxNewTokens: whole(1),
  minNewTokens: whole(0),
  sample: flag,
  temperature: above0,
  topK: whole(1),
  topP: [(value) => isNumber(value) && value > 0 && value <= 1, 'a number in (0, 1]'],
  minP: [(value) => isNumber(value) && value >= 0 && value <= 1, 'a number in [0, 1]'],
  samples: whole(1),
  seed: whole(0),
  beams: whole(1),
  lengthPenalty: [isNumber, 'a number'],
  earlyStopping: [(value) => typeof value === 'boolean' || value === 'never', "true, false or 'never'"],
  repetitionPenalty: above0,
  noRepeatNgram: whole(0),
  suppressTokens: ids,
  beginSuppressTokens: ids,
  forcedEos: [isToken, 'a token id'],
  processors: [(value) => Array.isArray(value), 'a list of functions'],
  eos: [(value) => isToken(value) || ids[0](value), 'a token id or a list of them'],
  stopStrings: [
    (value) => Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== ''),
    'a list of texts that are not empty',
  ],
  branches: [(value) => Array.isArray(value), 'a list'],
  cache: flag,
  bucket: whole(1),
};

/** @throws OptionError for the first option that is misspelled, out of its range or without what it needs. */
export function checkGenerateOptions(where: string, options: GenerateOptions, prompts: number): void {
  checkOptions(where, options, Object.keys(NAMES));
  for (const [name, rule] of Object.entries(RULES) as [keyof GenerateOptions, Rule][]) {
    const value: unknown = options[name];
    if (value === undefined || rule[0](value)) continue;
    throw new OptionError(`${where}: ${name} must be ${rule[1]}, got ${describe(value)}`);
  }
  const {
    sample = false,
    beams = 1,
    samples = 1,
    branches = [],
    combine,
    stopStrings = [],
    tokenizer,
  } = options;
  const refuse = (why: string): never => {
    throw new OptionError(`${where}: ${why}`);
  };
  for (const name of ['temperature', 'topK', 'topP', 'minP'] as const)
    if (!sample && options[name] !== undefined) refuse(`${name} is of drawing; set sample to true`);
  if (sample && beams > 1) refuse('beams are not drawn from; leave out sample or beams');
  if (!sample && samples > beams) refuse(`${samples} samples need sample: true, or as many beams`);
  if (branches.length > 0 && combine === undefined)
    refuse('branches need a function that combines their scores');
  if (branches.length === 0 && combine !== undefined) refuse('combine needs branches');
  if (combine !== undefined) checkFunction(`${where}: combine`, combine);
  for (const processor of options.processors ?? []) checkFunction(`${where}: processors`, processor);
  if (stopStrings.length > 0 && !tokenizer) refuse('stopStrings need a tokenizer');
  if (options.forcedTokens !== undefined) checkForced(where, options.forcedTokens);
  branches.forEach((branch, i) => {
    checkOptions(`${where}: branch ${i}`, branch, ['model', 'parameters', 'prompts']);
    const own = branch.prompts?.length ?? prompts;
    if (own !== prompts) refuse(`branch ${i}: ${prompts} prompts expected, got ${own}`);
    if (branch.prompts) checkPrompts(`${where}: branch ${i}`, branch.prompts);
  });
}

function checkForced(where: string, forced: Readonly<Record<number, number>>): void {
  checkRecord(where, forced, 'forcedTokens');
  for (const [step, token] of Object.entries(forced)) {
    if (/^\d+$/.test(step) && isToken(token)) continue;
    throw new OptionError(
      `${where}: forcedTokens: token ids by step expected, got ${step}: ${describe(token)}`,
    );
  }
}

/** @throws OptionError or PalimpsestError ERR_ARGUMENT unless these are lists of token ids with one at least in each. */
export function checkPrompts(where: string, prompts: readonly (readonly number[])[]): void {
  if (!isList(prompts)) throw unexpected(where, 'a list of prompts, each a list of token ids,', prompts);
  prompts.forEach((prompt, i) => {
    if (!isList(prompt)) throw unexpected(`${where}: prompt ${i}`, 'a list of token ids', prompt);
    const wrong = prompt.find((id) => !isToken(id));
    if (wrong !== undefined)
      throw new OptionError(`${where}: prompt ${i}: token ids expected, got ${describe(wrong)}`);
    if (prompt.length === 0) {
      throw new OptionError(
        `${where}: prompt ${i} is empty; a text begins with a token, that of the beginning for instance`,
      );
    }
  });
}

/** The tokens that end a text. */
export function eosOf(model: LanguageModel, { eos }: GenerateOptions): readonly number[] {
  const files = model as { readonly generation?: object; readonly config?: object };
  const named = (file: object | undefined): unknown =>
    (file as { eos_token_id?: unknown } | undefined)?.eos_token_id;
  const given = eos ?? named(files.generation) ?? named(files.config) ?? [];
  return (Array.isArray(given) ? given : [given]) as readonly number[];
}
