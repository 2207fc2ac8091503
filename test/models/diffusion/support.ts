import { join } from 'node:path';

import { readSafetensors, type SafetensorsFile } from '../../../lib/io/safetensors';

/** Tiny models in the layout of `diffusers`, with golden values: see test/golden/diffusion.py. */
export const DIFFUSION = join(__dirname, '../../golden/diffusion');
export const STABLE = join(DIFFUSION, 'stable-diffusion');

export const goldenIn = (folder: string): Promise<SafetensorsFile> =>
  readSafetensors(join(folder, 'golden.safetensors'));

/** Of norms, in float32: the bound for every family. */
export const TOLERANCE = 1e-4;
