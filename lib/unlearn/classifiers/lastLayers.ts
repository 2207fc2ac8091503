import { z } from 'zod';

import { OptionError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions } from '../../graph/tensor';
import { withParameters, type Model } from '../../models/model';
import { masked } from '../../optim/mask';
import { train } from '../../optim/train';
import { trainingOptions } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { optimizerOf, optimizerOptionsWith } from '../method/optimizerOptions';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { checkRequest, type ClassifierRequest, type Requesting } from './request';

const PAPER = 'the corrective benchmark';

const schema = z.strictObject({
  k: z
    .int()
    .min(-1)
    .default(1)
    .describe(
      'How many layers from the end are trained; -1: all. A layer is what has a common name: fc.weight, fc.bias.',
    )
    .meta({ source: 'the paper: the smallest' }),
  ...trainingOptions({ epochs: 3, learningRate: 0.025, batchSize: 64, source: PAPER }),
  ...optimizerOptionsWith({ optimizer: ['sgd', 'adam'], weightDecay: 5e-4, source: PAPER }),
});

export type LastLayersOptions = z.input<typeof schema>;
type Settings = z.output<typeof schema>;

/** The parameters of the last k layers: names without what follows the last dot are layers. */
export function lastLayers(where: string, { names }: Parameters, k: number): ReadonlySet<string> {
  const layerOf = (name: string): string => name.replace(/\.[^.]*$/, '');
  const layers = [...new Set(names.map(layerOf))];
  if (k > layers.length)
    throw new OptionError(`${where}: k must be at most ${layers.length}, the number of layers, got ${k}`);
  const last = new Set(k === -1 ? layers : layers.slice(layers.length - k));
  return new Set(names.filter((name) => last.has(layerOf(name))));
}

/** Trains the layers that are not frozen; the others keep their bits, and so do their moments. */
const trained = (
  model: Model,
  { retain }: Requesting<'retain'>,
  open: ReadonlySet<string>,
  settings: Settings,
  run: RunOptions,
): Promise<Parameters> => {
  const { epochs, batchSize, seed } = settings;
  const optimizer = masked(optimizerOf(settings), (name) => open.has(name));
  return train(model, retain, { optimizer, epochs, batchSize, seed }, run);
};

/**
 * CF-k (Goel, Prabhu, Sanyal et al. 2022): catastrophically forgetting the last k layers. All layers but those are frozen,
 * and training goes on from the model's own weights on what is to be kept.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option, more layers than there are, or an empty set.
 */
export async function cfK(
  model: Model,
  request: ClassifierRequest,
  options: LastLayersOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<Settings>> {
  const settings = settingsOf('cfK', schema, options);
  checkRequest('cfK', request, 'retain');
  const start = performance.now();
  const open = lastLayers('cfK', model.parameters, settings.k);
  const parameters = await trained(model, request, open, settings, run);
  return { parameters, method: 'cfK', options: settings, seconds: secondsSince(start), warnings: [] };
}

/**
 * EU-k (Goel, Prabhu, Sanyal et al. 2022): exactly unlearning the last k layers. Those are drawn anew (`initial`) and trained on
 * what is to be kept; all others are frozen, so what they know of the forget set stays. With k = -1 it is retraining.
 *
 * @throws as cfK.
 */
export async function euK(
  model: Model,
  request: ClassifierRequest,
  options: LastLayersOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<Settings>> {
  const settings = settingsOf('euK', schema, options);
  checkRequest('euK', request, 'retain', 'initial');
  const start = performance.now();
  const open = lastLayers('euK', model.parameters, settings.k);
  const drawn = model.parameters.map((own, name) => (open.has(name) ? request.initial.get(name) : own));
  const parameters = await trained(withParameters(model, drawn), request, open, settings, run);
  return { parameters, method: 'euK', options: settings, seconds: secondsSince(start), warnings: [] };
}

const shared = {
  paper: 'Goel, Prabhu, Sanyal, Lim, Torr, Kumaraguru 2022',
  kind: 'classifier',
  intention: 'removal',
  technique: 'retraining',
  level: 'parameters',
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
} as const;

export const cfKMethod = defineMethod({
  ...shared,
  name: 'cfK',
  title: 'Catastrophically forgetting the last k layers',
  needs: ['retain'],
  run: cfK,
});

export const euKMethod = defineMethod({
  ...shared,
  name: 'euK',
  title: 'Exactly unlearning the last k layers',
  needs: ['retain', 'initial'],
  run: euK,
});
