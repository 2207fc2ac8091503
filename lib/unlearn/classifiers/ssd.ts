import { z } from 'zod';

import { OptionError } from '../../errors';
import { dampenParameters } from '../../curvature/dampening';
import { diagFisher, fisherOptions, type FisherOptions } from '../../curvature/diagFisher';
import type { LabeledSet } from '../../data/labeledSet';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { fisherOption, positive } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import type { ClassifierRequest } from './request';

export interface SsdData extends Pick<ClassifierRequest, 'forget' | 'full' | 'fullImportance'> {
  /** I_Df computed earlier, when several strengths are tried. */
  readonly forgetImportance?: Parameters;
  /** |D|, for the warning about a strength that selects nothing; taken from `full` when it is given. */
  readonly fullSize?: number;
}

const PAPER = 'the paper, for ResNet-18';

const schema = z.strictObject({
  alpha: positive(10, PAPER, 'Selection: parameters with I_Df > alpha I_D.'),
  lambda: positive(1, PAPER, 'Dampening: the factor is min(lambda I_D / I_Df, 1).'),
  fisher: fisherOption,
  labelFree: z
    .boolean()
    .default(false)
    .describe("Importance without labels, mean |d ||f(x)||^2 / d theta|: short for fisher.labels = 'none'."),
});

export type SsdOptions = z.input<typeof schema>;
export type SsdSettings = Omit<z.output<typeof schema>, 'fisher'> & {
  readonly fisher: Required<FisherOptions>;
};

export interface SsdResult extends Unlearned<SsdSettings> {
  /** How many parameters were dampened, and by what factor on average (NaN for none). */
  readonly selected: number;
  readonly meanFactor: number;
  readonly importance: { readonly full: Parameters; readonly forget: Parameters };
}

/**
 * Selective Synaptic Dampening (Foster, Schoepf, Brintrup 2023): forgets without training, by shrinking the parameters
 * that matter more to the forget set than to all data.
 *
 *     I_D, I_Df   diagonal of the Fisher information on D and D_f             (Eq. 2)
 *     theta_i  <- beta theta_i  where I_Df[i] > alpha I_D[i]                  (Eq. 3)
 *     beta      = min(lambda I_D[i] / I_Df[i], 1)                             (Eq. 4)
 *
 * With per-example importance and D_f a part of D, `I_D >= |D_f|/|D| I_Df`: a strength `alpha >= |D|/|D_f|` selects
 * nothing, and the result says so in its warnings.
 *
 * @example
 * const { parameters, selected } = await ssd(model, { forget, full: train }, { alpha: 5 });
 * @throws OptionError when neither `full` nor `fullImportance` is given, or alpha or lambda is not positive;
 *   AbortedError when `signal` fires: nothing has changed then.
 */
export async function ssd(
  model: Model,
  data: SsdData,
  options: SsdOptions = {},
  run: RunOptions = {},
): Promise<SsdResult> {
  const settings = ssdSettings(options);
  const forgetData = forgetSet(data);
  const { alpha, lambda, fisher } = settings;
  const start = performance.now();
  const full = data.fullImportance ?? (await diagFisher(model, fullData(data), fisher, run));
  const forget = data.forgetImportance ?? (await diagFisher(model, forgetData, fisher, run));
  const { parameters, selected, meanFactor } = await dampenParameters(
    model.parameters,
    { forget, full },
    { alpha, lambda },
    run,
  );
  return {
    parameters,
    method: 'ssd',
    options: settings,
    seconds: secondsSince(start),
    warnings: warningsFor(data, forgetData.size, settings, selected),
    selected,
    meanFactor,
    importance: { full, forget },
  };
}

function ssdSettings(options: SsdOptions): SsdSettings {
  const settings = settingsOf('ssd', schema, options);
  const { batchSize, ...rest } = settings.fisher;
  const fisher = fisherOptions({
    ...rest,
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(settings.labelFree ? { labels: 'none' as const } : {}),
  });
  return { ...settings, fisher, labelFree: fisher.labels === 'none' };
}

function forgetSet({ forget }: SsdData): LabeledSet {
  if (!forget) throw new OptionError('ssd: the examples to forget (forget) are needed');
  return forget;
}

function fullData({ full }: SsdData): LabeledSet {
  if (!full)
    throw new OptionError(
      'ssd: all training data (full) or its stored importance (fullImportance) is needed',
    );
  return full;
}

function warningsFor(
  data: SsdData,
  forgetSize: number,
  { alpha, fisher }: SsdSettings,
  selected: number,
): string[] {
  const fullSize = data.full?.size ?? data.fullSize;
  const bound = fullSize === undefined ? Infinity : fullSize / forgetSize;
  const contained = fisher.mode === 'example' && fisher.labels !== 'none' && alpha >= bound;
  if (selected > 0 || !contained)
    return selected > 0 ? [] : ['ssd: no parameter was selected; alpha is too large'];
  return [
    `ssd: no parameter was selected: alpha ${alpha} is at least |D|/|D_f| = ${bound.toPrecision(3)}, ` +
      'which selects nothing when D contains D_f',
  ];
}

export const ssdMethod = defineMethod({
  name: 'ssd',
  title: 'Selective Synaptic Dampening',
  paper: 'Foster, Schoepf, Brintrup 2023 (AAAI 2024)',
  kind: 'classifier',
  intention: 'removal',
  technique: 'localised edit',
  level: 'parameters',
  needs: ['forget', 'full'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: ssd,
});
