import { checkRecord, checkOptions, OptionError } from '../errors';
import { checkParameters, Parameters } from '../graph/parameters';
import type { Tensor } from '../graph/tensor';
import { compile } from '../graph/compile';
import { tensor } from '../graph/create';
import type { RunOptions } from '../graph/tensor';
import { dampen } from '../ops/curvature/dampen';
import { add } from '../ops/elementwise/arithmetic';

/** What selecting and dampening did. */
export interface Dampened {
  readonly parameters: Parameters;
  /** How many parameters were selected. */
  readonly selected: number;
  /** The mean factor of the selected ones; NaN when none was. */
  readonly meanFactor: number;
}

const dampenAll = compile(
  (parameters: Parameters, importanceForget: Parameters, importanceFull: Parameters, alphaLambda: Tensor) => {
    const results = [...parameters].map(([name, theta]) => ({
      name,
      ...dampen(theta, importanceForget.get(name), importanceFull.get(name), alphaLambda),
    }));
    return {
      parameters: new Parameters(results.map(({ name, theta }) => [name, theta] as const)),
      counts: results.map(({ counts }) => counts).reduce(add),
    };
  },
);

/**
 * Selective dampening of all parameters (SSD, Foster et al. 2023, Eqs. 3 and 4): where `I_f > alpha I_D`, strictly,
 *
 *     theta <- min(lambda I_D / I_f, 1) theta
 *
 * One fused pass over each tensor. Importances are named and shaped like the parameters.
 * @throws OptionError for a misspelled option or a number below 0; PalimpsestError ERR_PARAMETER for an importance that is
 *   missing; ShapeError.
 */
export async function dampenParameters(
  parameters: Parameters,
  importance: { readonly forget: Parameters; readonly full: Parameters },
  options: { readonly alpha: number; readonly lambda: number },
  run: RunOptions = {},
): Promise<Dampened> {
  checkRecord('dampenParameters: importance', importance);
  for (const part of [parameters, importance.forget, importance.full])
    checkParameters('dampenParameters', part);
  checkOptions('dampenParameters', options, ['alpha', 'lambda']);
  const { alpha, lambda } = options;
  for (const [name, value] of Object.entries({ alpha, lambda })) {
    if (!(Number.isFinite(value) && value >= 0))
      throw new OptionError(`dampenParameters: ${name} must be a number from 0, got ${String(value)}`);
  }
  using alphaLambda = tensor(Float64Array.of(alpha, lambda));
  const result = await dampenAll.withOptions(run)(
    parameters,
    importance.forget,
    importance.full,
    alphaLambda,
  );
  const [selected = 0, factorSum = 0] = await result.counts.data<'float64'>();
  result.counts.dispose();
  return { parameters: result.parameters, selected, meanFactor: factorSum / selected };
}
