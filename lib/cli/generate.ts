import type { Command } from 'commander';

import type { GenerateOptions } from '../models/generation';
import { withProgress } from './progress';
import { writeJson, type Terminal } from './terminal';
import { integer, positive } from './values';

interface GenerateFlags {
  readonly prompt: readonly string[];
  readonly chat?: boolean;
  readonly maxNewTokens: number;
  readonly sample?: boolean;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly samples: number;
  readonly beams: number;
  readonly repetitionPenalty?: number;
  readonly stop?: readonly string[];
  readonly seed: number;
  readonly adapter?: string;
  readonly json?: boolean;
}

const EXAMPLE = `
Example:
  palimpsest generate ./gpt2 --prompt 'The keeper of the lighthouse' --sample --top-p 0.9`;

/** `palimpsest generate`: texts of a model in a folder, which has its tokenizer, too. */
export function addGenerate(program: Command, terminal: Terminal): void {
  program
    .command('generate')
    .description('let a language model go on with texts')
    .argument('<folder>', 'a checkpoint with config.json, *.safetensors and tokenizer.json')
    .requiredOption('--prompt <texts...>', 'what to go on from, one text or several')
    .option('--chat', 'each prompt is what a user says, in the form of the chat template')
    .option('--max-new-tokens <n>', 'how many tokens at most', integer(1), 20)
    .option('--sample', 'draw tokens; else the likeliest comes')
    .option(
      '--temperature <number>',
      'of drawing: below 1 the likely becomes likelier (default: 1)',
      positive,
    )
    .option('--top-k <n>', 'of drawing: only the n likeliest (default: all)', integer(1))
    .option('--top-p <number>', 'of drawing: only the likeliest of this share (default: 1)', positive)
    .option('--samples <n>', 'texts from each prompt', integer(1), 1)
    .option('--beams <n>', 'texts that are followed at once', integer(1), 1)
    .option('--repetition-penalty <number>', 'above 1 against what was there (default: 1)', positive)
    .option('--stop <texts...>', 'texts that end it')
    .option('--seed <n>', 'of drawing', integer(0), 0)
    .option('--adapter <folder>', 'a LoRA in the layout of PEFT to attach')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', EXAMPLE)
    .action((folder: string, flags: GenerateFlags) => generateTexts(folder, flags, terminal));
}

async function generateTexts(folder: string, flags: GenerateFlags, terminal: Terminal): Promise<void> {
  const { signal, stdout } = terminal;
  const { loadModel } = await import('../models/folder.js');
  const { loadTokenizer } = await import('../data/tokenizer/index.js');
  const { generate } = await import('../models/generation/index.js');
  const model = await loadModel(folder, { signal });
  const tokenizer = await loadTokenizer(folder, { signal });
  const prompts = flags.prompt.map((text) => {
    if (flags.chat !== true) return tokenizer.encode(text).ids;
    const chat = tokenizer.chat([{ role: 'user', content: text }], { addGenerationPrompt: true });
    return tokenizer.encode(chat, { addSpecialTokens: false }).ids;
  });
  const parameters = flags.adapter === undefined ? undefined : await attached(flags.adapter, model, signal);
  const options: GenerateOptions = {
    maxNewTokens: flags.maxNewTokens,
    samples: flags.samples,
    beams: flags.beams,
    seed: flags.seed,
    ...given(flags, ['sample', 'temperature', 'topK', 'topP', 'repetitionPenalty']),
    ...(flags.stop ? { stopStrings: flags.stop } : {}),
  };
  const texts = await withProgress(terminal, (onProgress) =>
    generate(
      model,
      prompts,
      { ...options, tokenizer, ...(parameters ? { parameters } : {}) },
      { signal, onProgress },
    ),
  );
  if (flags.json === true) {
    writeJson(stdout, { texts, options });
    return;
  }
  for (const { prompt, text = '' } of texts)
    stdout.write(`${flags.prompt[prompt] ?? ''}${flags.chat ? '\n' : ''}${text}\n`);
}

async function attached(folder: string, model: Loaded, signal: AbortSignal): Promise<Loaded['parameters']> {
  const { loadPeft } = await import('../nn/adapters/index.js');
  const { adapter, small } = await loadPeft(folder, model.parameters, { signal });
  const applied = await adapter.delta(model.parameters, small).apply(model.parameters, { signal });
  return applied.parameters;
}

type Loaded = Awaited<ReturnType<(typeof import('../models/folder.js'))['loadModel']>>;

/** The flags that were given. */
const given = <K extends keyof GenerateFlags>(
  flags: GenerateFlags,
  names: readonly K[],
): Partial<Pick<GenerateFlags, K>> =>
  Object.fromEntries(
    names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  ) as Partial<Pick<GenerateFlags, K>>;
