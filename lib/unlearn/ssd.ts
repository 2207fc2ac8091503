import { checkOptions, OptionError } from '../errors';
import { dampenParameters } from '../curvature/dampening';
import { diagFisher, fisherOptions, type FisherOptions } from '../curvature/diagFisher';
import type { LabeledSet } from '../data/labeledSet';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import type { Model } from '../models/model';
import { secondsSince, type Unlearned } from './unlearned';

export interface SsdData {
  /** D_f: the examples to forget. */
  readonly forget: LabeledSet;
  /** D: all training data, the forget set included. Not needed with `fullImportance`. */
  readonly full?: LabeledSet;
  /** I_D computed earlier with the same `fisher` options, and stored: the data can then be gone. */
  readonly fullImportance?: Parameters;
  /** I_Df computed earlier, when several strengths are tried. */
  readonly forgetImportance?: Parameters;
  /** |D|, for the warning about a strength that selects nothing; taken from `full` when it is given. */
  readonly fullSize?: number;
}

export interface SsdOptions {
  /** Selection: parameters with `I_Df > alpha I_D`. Default 10 (the paper's for ResNet-18). */
  readonly alpha?: number;
  /** Dampening: factor `min(lambda I_D / I_Df, 1)`. Default 1 (the paper's). */
  readonly lambda?: number;
  /** How importance is measured. Default: the exact per-example Fisher. */
  readonly fisher?: FisherOptions;
  /** Importance without labels, `mean |d ||f(x)||^2 / d theta|`: short for `fisher: { labels: 'none' }`. Default false. */
  readonly labelFree?: boolean;
}

export interface SsdResult extends Unlearned<Required<SsdOptions>> {
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
  const settings = ssdOptions(options);
  const { alpha, lambda, fisher } = settings;
  const start = performance.now();
  const full = data.fullImportance ?? (await diagFisher(model, fullData(data), fisher, run));
  const forget = data.forgetImportance ?? (await diagFisher(model, data.forget, fisher, run));
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
    warnings: warningsFor(data, settings, selected),
    selected,
    meanFactor,
    importance: { full, forget },
  };
}

function ssdOptions(options: SsdOptions): Required<SsdOptions> {
  checkOptions('ssd', options, ['alpha', 'lambda', 'fisher', 'labelFree']);
  const { alpha = 10, lambda = 1, labelFree = false } = options;
  for (const [name, value] of Object.entries({ alpha, lambda })) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new OptionError(`ssd: ${name} must be a positive number, got ${value}`);
    }
  }
  const fisher = fisherOptions({ ...options.fisher, ...(labelFree ? { labels: 'none' as const } : {}) });
  return { alpha, lambda, fisher, labelFree: labelFree || fisher.labels === 'none' };
}

function fullData({ full }: SsdData): LabeledSet {
  if (!full)
    throw new OptionError(
      'ssd: all training data (full) or its stored importance (fullImportance) is needed',
    );
  return full;
}

function warningsFor(data: SsdData, { alpha, fisher }: Required<SsdOptions>, selected: number): string[] {
  const fullSize = data.full?.size ?? data.fullSize;
  const bound = fullSize === undefined ? Infinity : fullSize / data.forget.size;
  const contained = fisher.mode === 'example' && fisher.labels !== 'none' && alpha >= bound;
  if (selected > 0 || !contained)
    return selected > 0 ? [] : ['ssd: no parameter was selected; alpha is too large'];
  return [
    `ssd: no parameter was selected: alpha ${alpha} is at least |D|/|D_f| = ${bound.toPrecision(3)}, ` +
      'which selects nothing when D contains D_f',
  ];
}
