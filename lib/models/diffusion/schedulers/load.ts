import { join } from 'node:path';

import { FormatError, nearest } from '../../../errors';
import { readBytes } from '../../../io/readBytes';
import { parseStrictJson } from '../../../io/strictJson';
import { Fields } from '../../checkpoint/fields';
import type { JsonObject } from '../../json';
import { ddim } from './ddim';
import { ddpm } from './ddpm';
import { euler } from './euler';
import { pndm } from './pndm';
import type { Scheduler } from './scheduler';

export const SCHEDULER_CONFIG = 'scheduler_config.json';

const SCHEDULERS: ReadonlyMap<string, (fields: Fields) => Scheduler> = new Map([
  ['DDPMScheduler', ddpm],
  ['DDIMScheduler', ddim],
  ['PNDMScheduler', pndm],
  ['EulerDiscreteScheduler', euler],
]);

/** Fields of other schedulers, which stay in a file when the class is changed; as `diffusers`, each class leaves them alone. */
const OF_OTHERS = [
  ...[
    'clip_sample',
    'clip_sample_range',
    'set_alpha_to_one',
    'skip_prk_steps',
    'thresholding',
    'sample_max_value',
  ],
  ...[
    'dynamic_thresholding_ratio',
    'variance_type',
    'interpolation_type',
    'use_karras_sigmas',
    'final_sigmas_type',
  ],
  ...['timestep_type', 'use_exponential_sigmas', 'use_beta_sigmas', 'steps_offset'],
];

/**
 * The scheduler that a configuration of `diffusers` describes.
 *
 * @example
 * const scheduler = schedulerOf({ _class_name: 'DDIMScheduler', beta_schedule: 'scaled_linear' });
 * @throws FormatError for a class or a field that is not supported, naming it.
 */
export function schedulerOf(config: JsonObject, where = 'scheduler'): Scheduler {
  const fields = new Fields(config, where);
  const name = fields.text('_class_name');
  const make = SCHEDULERS.get(name);
  if (!make) {
    const near = nearest(name, SCHEDULERS.keys());
    const hint = near === undefined ? '' : `; did you mean '${near}'?`;
    throw fields.refuse(
      '_class_name',
      `'${name}' is not supported${hint} There are ${[...SCHEDULERS.keys()].join(', ')}`,
    );
  }
  fields.ignore('_diffusers_version', ...OF_OTHERS);
  const scheduler = make(fields);
  fields.finish(`'${name}'`);
  return scheduler;
}

/** `schedulerOf` what `scheduler_config.json` in a folder says. @throws FormatError; PalimpsestError ERR_IO. */
export async function loadScheduler(
  folder: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Scheduler> {
  const path = join(folder, SCHEDULER_CONFIG);
  const config = parseStrictJson((await readBytes(path, signal)).toString('utf8'), `'${path}'`);
  if (typeof config === 'object' && config !== null && !Array.isArray(config))
    return schedulerOf(config as JsonObject, `'${path}'`);
  throw new FormatError(`'${path}': an object expected`);
}
