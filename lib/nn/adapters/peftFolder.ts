import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { checkOptions, FormatError, PalimpsestError } from '../../errors';
import { Parameters } from '../../graph/parameters';
import { sameShape } from '../../graph/shape';
import { atomicFolder, recoverFolder } from '../../io/atomicFolder';
import { atomicWrite } from '../../io/atomicWrite';
import { ioError, systemCode } from '../../io/ioError';
import { readBytes } from '../../io/readBytes';
import { readSafetensors } from '../../io/safetensors';
import { parseStrictJson } from '../../io/strictJson';
import { writeSafetensors } from '../../io/writeSafetensors';
import { checkExtents } from '../layers/extents';
import { moduleOf } from './adapter';
import { lora, type LoraAdapter } from './lora';
import { peftTargets } from './peftTargets';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
/** What PEFT's names begin with: its wrapper and the wrapper's model. */
const PREFIX = 'base_model.model.';

/** What an adapter is, in the words of PEFT's configuration. */
export interface PeftLoraOptions {
  /** `target_modules`: endings of the names of layers, or a regular expression for the whole name. */
  readonly targetModules: string | readonly string[];
  /** `r`. */
  readonly rank: number;
  /** `lora_alpha`. Default 8, as in PEFT. */
  readonly alpha?: number;
  /** `use_rslora`: the factor is `alpha / sqrt(rank)`. Default false. */
  readonly rankStabilized?: boolean;
  /** `fan_in_fan_out`: weights are stored [in, out], as GPT-2's are. Default false. */
  readonly fanInFanOut?: boolean;
}

export interface SavePeftOptions extends PeftLoraOptions {
  /** `base_model_name_or_path`. Default: none. */
  readonly baseModel?: string;
  /** `task_type`. Default `CAUSAL_LM`. */
  readonly taskType?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface LoadedPeft {
  /** Attaches the adapter: `apply`, or `delta` to merge it. */
  readonly adapter: LoraAdapter;
  /** Its factors. */
  readonly small: Parameters;
  readonly options: Required<PeftLoraOptions>;
}

/** `lora` by the words of PEFT's configuration. @throws OptionError for a misspelled or impossible option. */
export function peftLora(options: PeftLoraOptions): LoraAdapter {
  checkOptions('peftLora', options, ['targetModules', 'rank', 'alpha', 'rankStabilized', 'fanInFanOut']);
  const { targetModules, rank, alpha = 8, rankStabilized = false, fanInFanOut = false } = options;
  const targets = peftTargets(targetModules);
  return lora({ targets, rank, alpha, rankStabilized, transposed: () => fanInFanOut });
}

/**
 * Writes an adapter as PEFT does, a folder of `adapter_config.json` and `adapter_model.safetensors`, whole or not at all.
 *
 * @example
 * const options = { targetModules: ['c_attn'], rank: 4, fanInFanOut: true };
 * const adapter = peftLora(options);
 * await savePeft('./adapter', adapter.init(key(0), model.parameters), options);
 * @throws OptionError; FormatError for factors of another rank; PalimpsestError ERR_IO; AbortedError.
 */
export async function savePeft(folder: string, small: Parameters, options: SavePeftOptions): Promise<void> {
  const { baseModel = null, taskType = 'CAUSAL_LM', signal, ...described } = options;
  peftLora(described);
  const { targetModules, rank, alpha = 8, rankStabilized = false, fanInFanOut = false } = described;
  checkExtents('savePeft', { rank });
  checkFactors('savePeft', small, rank);
  const config = {
    peft_type: 'LORA',
    task_type: taskType,
    base_model_name_or_path: baseModel,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    target_modules: targetModules,
    use_rslora: rankStabilized,
    fan_in_fan_out: fanInFanOut,
    bias: 'none',
    inference_mode: true,
    modules_to_save: null,
  };
  await checkReplaceable(folder);
  await atomicFolder(
    folder,
    async (temporary) => {
      await atomicWrite(join(temporary, CONFIG), `${JSON.stringify(config, null, 2)}\n`, { signal });
      const named = [...small].map(([name, tensor]) => [`${PREFIX}${name}`, tensor] as const);
      await writeSafetensors(join(temporary, WEIGHTS), named, { metadata: { format: 'pt' }, signal });
    },
    { signal },
  );
}

/** A folder that holds something else is not replaced. */
async function checkReplaceable(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return [];
    throw ioError('replace', folder, error);
  });
  const other = names.find((name) => name !== CONFIG && name !== WEIGHTS);
  if (other === undefined) return;
  throw new PalimpsestError(
    'ERR_IO',
    `savePeft: '${folder}' holds '${other}' and will not be replaced; give a folder of its own`,
  );
}

const configSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  r: z.int().positive(),
  lora_alpha: z.number(),
  target_modules: z.union([z.string(), z.array(z.string()).min(1)]),
  use_rslora: z.boolean().nullish(),
  fan_in_fan_out: z.boolean().nullish(),
  bias: z.literal('none').nullish(),
  // What would make it another function, and is not built.
  use_dora: z.literal(false).nullish(),
  modules_to_save: z.array(z.never()).nullish(),
  rank_pattern: z.strictObject({}).nullish(),
  alpha_pattern: z.strictObject({}).nullish(),
  layers_to_transform: z.null().optional(),
  exclude_modules: z.null().optional(),
  target_parameters: z.null().optional(),
  trainable_token_indices: z.null().optional(),
  lora_bias: z.literal(false).nullish(),
});

/**
 * Reads an adapter that PEFT or `savePeft` wrote, for a model of these parameters.
 *
 * @example
 * const { adapter, small } = await loadPeft('./adapter', model.parameters);
 * const { parameters } = await adapter.delta(model.parameters, small).apply(model.parameters);
 * @throws FormatError, naming the field or the tensor, for what is not supported (DoRA, biases, ranks by pattern) and what does not
 *   fit the parameters; PalimpsestError ERR_IO.
 */
export async function loadPeft(
  folder: string,
  base: Parameters,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<LoadedPeft> {
  await recoverFolder(folder);
  const path = join(folder, CONFIG);
  const parsed = configSchema.safeParse(
    parseStrictJson((await readBytes(path, signal)).toString('utf8'), `'${path}'`),
  );
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(
      `'${path}': field '${issue?.path.join('.') ?? ''}': ${issue?.message ?? 'not valid'}`,
    );
  }
  const { r: rank, lora_alpha: alpha, target_modules, use_rslora, fan_in_fan_out } = parsed.data;
  const options = {
    targetModules: target_modules,
    rank,
    alpha,
    rankStabilized: use_rslora ?? false,
    fanInFanOut: fan_in_fan_out ?? false,
  };
  const file = await readSafetensors(join(folder, WEIGHTS));
  const where = `'${join(folder, WEIGHTS)}'`;
  const small = new Parameters(
    file.entries.map(({ name }) => {
      if (!name.startsWith(PREFIX))
        throw new FormatError(`${where}: '${name}' does not begin with ${PREFIX}`);
      return [name.slice(PREFIX.length), file.tensor(name)] as const;
    }),
  );
  const adapter = peftLora(options);
  checkFits(where, small, base, options);
  return { adapter, small, options };
}

function checkFactors(where: string, small: Parameters, rank: number): void {
  for (const [name, { shape }] of small) {
    const axis = name.endsWith('.lora_A.weight') ? 0 : name.endsWith('.lora_B.weight') ? 1 : undefined;
    if (axis === undefined) throw new FormatError(`${where}: '${name}' is no factor of a lora`);
    if (shape.length !== 2 || shape[axis] !== rank)
      throw new FormatError(`${where}: '${name}' must have rank ${rank}, its shape is [${shape.join(', ')}]`);
  }
}

/** Every target has both factors, of its shape, and there is nothing else. */
function checkFits(
  where: string,
  small: Parameters,
  base: Parameters,
  options: Required<PeftLoraOptions>,
): void {
  checkFactors(where, small, options.rank);
  const targets = base.select(peftTargets(options.targetModules));
  for (const [name, weight] of targets) {
    const [rows = 0, columns = 0] = weight.shape;
    const [out, into] = options.fanInFanOut ? [columns, rows] : [rows, columns];
    const factors = { lora_A: [options.rank, into], lora_B: [out, options.rank] };
    for (const [factor, shape] of Object.entries(factors)) {
      const full = `${moduleOf(name)}.${factor}.weight`;
      if (!small.has(full)) throw new FormatError(`${where}: '${PREFIX}${full}' is missing`);
      const found = small.get(full).shape;
      if (!sameShape(found, shape)) {
        throw new FormatError(
          `${where}: '${PREFIX}${full}' must have shape [${shape.join(', ')}], got [${found.join(', ')}]; is fan_in_fan_out right?`,
        );
      }
    }
  }
  if (small.length !== 2 * targets.length) {
    const other = small.names.find(
      (name) => !targets.has(`${name.replace(/\.lora_[AB]\.weight$/, '')}.weight`),
    );
    throw new FormatError(`${where}: '${PREFIX}${other ?? ''}' is of no layer that target_modules names`);
  }
}
