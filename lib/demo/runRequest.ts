import { diagFisher } from '../curvature/diagFisher';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import { accuracy, predictedClasses } from '../metrics';
import type { MethodName, MethodResult, PlainObject } from '../report/result';
import { fineTune, gradientAscent, retrain, ssd, zeroRow, type SsdResult, type Unlearned } from '../unlearn';
import { secondsSince } from '../unlearn/unlearned';
import type { Workbench } from './workbench';
import { judge, weightsChanged, type Judgement } from './judge';
import type { Accuracies, RequestPlan } from './plan';
import { bestTrial, tryStrengths, type StrengthTrial } from './searchStrength';

/** What one method made of a request. */
export interface Outcome {
  readonly row: MethodResult;
  readonly parameters: Parameters;
  readonly confusion: Judgement['confusion'];
}

export interface RequestOutcome {
  readonly outcomes: readonly Outcome[];
  /** Those that differ from the chosen strength in alpha only. */
  readonly trials: readonly StrengthTrial[];
  readonly ssd: SsdResult;
}

/** Runs every method on a request and judges what comes out. */
export async function runRequest(
  bench: Workbench,
  plan: RequestPlan,
  run: RunOptions,
): Promise<RequestOutcome> {
  const { model } = plan.trained;
  const outcomes: Outcome[] = [];
  const record = async (
    name: MethodName,
    result: Pick<Unlearned<object>, 'parameters' | 'seconds' | 'options'>,
  ) => {
    const { confusion, ...figures } = await judge(
      bench.predict,
      result.parameters,
      plan.judge,
      bench.classes,
      run,
    );
    const row: MethodResult = {
      name,
      ...figures,
      seconds: result.seconds,
      weightsChanged: await weightsChanged(model.parameters, result.parameters),
      options: result.options as PlainObject,
    };
    outcomes.push({ row, parameters: result.parameters, confusion });
  };
  await record('original', { parameters: model.parameters, seconds: 0, options: {} });
  const original = await searchAccuracies(bench, plan, model.parameters, run);

  const dampened = await ssdWithSearch(bench, plan, original, run);
  await record('ssd', dampened.result);
  await record('gradientAscent', await ascentWithSearch(bench, plan, original, run));
  await record(
    'fineTune',
    await fineTune(model, { retain: plan.retain }, { learningRate: bench.settings.learningRate / 2 }, run),
  );
  if (plan.forgetClass !== undefined) {
    await record('zeroRow', await zeroRow(model, {}, { classIndex: plan.forgetClass }, run));
  }
  const fresh = bench.architecture(bench.seed + 1);
  await record(
    'retrain',
    await retrain(
      fresh,
      { retain: plan.retain, initial: fresh.parameters },
      {},
      { ...run, recipe: bench.recipe(plan.retain) },
    ),
  );
  return { outcomes, trials: dampened.trials, ssd: dampened.result };
}

/**
 * SSD with the strength that does best on the search sets. Its time includes the importance of D_f and the search; the
 * whole line of strengths, which only the report's chart needs, does not count.
 */
async function ssdWithSearch(
  bench: Workbench,
  plan: RequestPlan,
  original: Accuracies,
  run: RunOptions,
): Promise<{ readonly result: SsdResult; readonly trials: readonly StrengthTrial[] }> {
  const start = performance.now();
  const { model, importance: full } = plan.trained;
  const forget = await diagFisher(model, plan.forget, {}, run);
  const { search } = plan;
  const sweep = (
    grid: RequestPlan['search']['grid'],
    isGood?: (trial: StrengthTrial) => boolean,
  ): Promise<StrengthTrial[]> =>
    tryStrengths(
      bench.predict,
      {
        parameters: model.parameters,
        importance: { forget, full },
        grid,
        forget: search.forget,
        retain: search.retain,
        classes: bench.classes,
      },
      run,
      isGood,
    );
  const tried = await sweep(search.grid, (trial) => search.isGood?.(trial, original) ?? false);
  const { alpha, lambda, series } = bestTrial(tried, (trial) => search.score(trial, original));
  const data = {
    forget: plan.forget,
    forgetImportance: forget,
    fullImportance: full,
    fullSize: plan.fullSize,
  };
  const result = await ssd(model, data, { alpha, lambda }, run);
  const seconds = secondsSince(start);
  const line = search.grid.filter((strength) => strength.series === series);
  return { result: { ...result, seconds }, trials: await sweep(line) };
}

const LEARNING_RATES = [1e-3, 5e-3, 2e-2];

/** Gradient ascent, ended by its own effect on the search sets, at the learning rate that does best there. */
async function ascentWithSearch(
  bench: Workbench,
  plan: RequestPlan,
  original: Accuracies,
  run: RunOptions,
): Promise<Unlearned<object>> {
  const start = performance.now();
  const { search, trained, forget, ascentEpochs } = plan;
  let best: { readonly result: Unlearned<object>; readonly score: number } | undefined;
  for (const learningRate of LEARNING_RATES) {
    const test = async (parameters: Parameters): Promise<boolean> =>
      search.enough(await searchAccuracies(bench, plan, parameters, run), original);
    const result = await gradientAscent(
      trained.model,
      { forget },
      { epochs: ascentEpochs, learningRate },
      { ...run, stopWhen: { everySteps: 2, test } },
    );
    const score = search.score(await searchAccuracies(bench, plan, result.parameters, run), original);
    if (best && best.score >= score) {
      result.parameters.dispose();
    } else {
      best?.result.parameters.dispose();
      best = { result, score };
    }
  }
  if (!best) throw new RangeError('at least one learning rate expected');
  return { ...best.result, seconds: secondsSince(start) };
}

async function searchAccuracies(
  { predict, classes }: Workbench,
  { search }: RequestPlan,
  parameters: Parameters,
  run: RunOptions,
): Promise<Accuracies> {
  const on = async (set: RequestPlan['forget']): Promise<number> =>
    accuracy(predictedClasses(await predict(parameters, set, run), classes), set.labels);
  return { forgetAccuracy: await on(search.forget), retainAccuracy: await on(search.retain) };
}
