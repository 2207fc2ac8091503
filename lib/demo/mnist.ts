import { join } from 'node:path';

import { checkOptions, OptionError } from '../errors';
import { diagFisher } from '../curvature/diagFisher';
import type { LabeledSet } from '../data/labeledSet';
import { loadMnist } from '../data/mnist';
import type { RunOptions } from '../graph/tensor';
import { cnn } from '../models/cnn';
import { accuracy, predictedClasses } from '../metrics';
import { threads } from '../native';
import { train } from '../optim/train';
import type { DemoRequest, DemoResult } from '../report/result';
import { secondsSince } from '../unlearn/unlearned';
import { ratioHistogram, shownExamples } from './evidence';
import type { RequestPlan, Trained } from './plan';
import { predictor } from '../models/predictor';
import { backdoorRequest, classRequest, poisoned, randomRequest, type DemoData } from './requests';
import { runRequest } from './runRequest';
import { saveAndReload, saveTrained } from './save';
import { CLASSES, DEFAULT_DIGIT, FULL, QUICK, type DemoSettings } from './settings';
import { recipe, type Workbench } from './workbench';

export interface DemoOptions {
  /** Fewer images and epochs: under a minute. Default false. */
  readonly quick?: boolean;
  /** Of everything random. Default 0. */
  readonly seed?: number;
  /** The digit of the class request. Default 5. */
  readonly digit?: number;
  /** Folder for the models, the importance and the ledgers. */
  readonly out: string;
}

/**
 * The main job on real digits: trains a small CNN on MNIST and answers three requests to forget, each with every method
 * and with retraining beside them. Everything random depends on `seed` alone.
 *
 * @throws AbortedError when `signal` fires; OptionError for a misspelled option.
 */
export async function runDemo(options: DemoOptions, run: RunOptions = {}): Promise<DemoResult> {
  checkOptions('demo', options, ['quick', 'seed', 'digit', 'out']);
  const { quick = false, seed = 0, digit = DEFAULT_DIGIT, out } = options;
  if (!Number.isInteger(digit) || digit < 0 || digit >= CLASSES) {
    throw new OptionError(`demo: digit must be an integer from 0 to 9, got ${digit}`);
  }
  const settings = quick ? QUICK : FULL;
  const bench = workbench(settings, seed);
  const data = await digits(settings);

  const trained = await trainAndWeigh(bench, data.train, data.train, phase(run, 'training the model'));
  await saveTrained(join(out, 'model'), trained, run);
  const requests = [
    await answer(bench, classRequest(data, trained, digit, settings), out, run),
    await answer(bench, randomRequest(data, trained, seed + 1, settings), out, run),
  ];
  const poison = poisoned(data.train, seed + 2, settings);
  const { rest } = poison.train.split(poison.identified);
  const tainted = await trainAndWeigh(bench, poison.train, rest, phase(run, 'training on poisoned data'));
  requests.push(await answer(bench, backdoorRequest(data, poison, tainted, settings), out, run));

  const logits = await bench.predict(trained.model.parameters, data.test, run);
  return {
    dataset: 'MNIST',
    seed,
    quick,
    environment: { node: process.version, threads: threads() },
    model: {
      config: trained.model.config as DemoResult['model']['config'],
      testAccuracy: accuracy(predictedClasses(logits, CLASSES), data.test.labels),
      parameters: trained.model.parameters.elementCount,
    },
    importanceSeconds: trained.importanceSeconds,
    requests,
  };
}

function workbench(settings: DemoSettings, seed: number): Workbench {
  const { channels, hidden } = settings;
  const architecture = (own: number): Trained['model'] =>
    cnn({ image: [1, 28, 28], channels, hidden, classes: CLASSES }, { seed: own });
  return {
    settings,
    seed,
    classes: CLASSES,
    architecture,
    predict: predictor(architecture(seed), CLASSES),
    recipe: (data) => recipe(settings, seed, data),
  };
}

async function digits({ trainSize, validationSize }: DemoSettings): Promise<DemoData> {
  const { train, test } = await loadMnist();
  const span = (from: number, count: number): LabeledSet =>
    train.subset(Int32Array.from({ length: count }, (_, i) => from + i));
  return { train: span(0, trainSize), validation: span(FULL.trainSize, validationSize), test };
}

/** Trains on one set and computes the importance of another: all of it, or what is left when the known poison is out. */
async function trainAndWeigh(
  bench: Workbench,
  data: LabeledSet,
  weighed: LabeledSet,
  run: RunOptions,
): Promise<Trained> {
  const fresh = bench.architecture(bench.seed);
  const parameters = await train(fresh, data, bench.recipe(data), run);
  const model = { ...fresh, parameters };
  const start = performance.now();
  const importance = await diagFisher(model, weighed, {}, run);
  return { model, importance, importanceSeconds: secondsSince(start) };
}

async function answer(
  bench: Workbench,
  plan: RequestPlan,
  out: string,
  run: RunOptions,
): Promise<DemoRequest> {
  const { outcomes, trials, ssd } = await runRequest(bench, plan, phase(run, plan.title));
  const rows = outcomes.map(({ row }) => row);
  const confusion = (name: string): DemoRequest['confusionBefore'] =>
    outcomes.find(({ row }) => row.name === name)?.confusion ?? [];
  const request: DemoRequest = {
    name: plan.name,
    title: plan.title,
    description: plan.description,
    forgetSize: plan.forget.size,
    retainSize: plan.retain.size,
    ...(plan.forgetClass === undefined ? {} : { forgetClass: plan.forgetClass }),
    methods: rows,
    confusionBefore: confusion('original'),
    confusionAfter: confusion('ssd'),
    alphaSweep: trials.map(({ alpha, forgetAccuracy, retainAccuracy, selected }) => ({
      alpha,
      forgetAccuracy,
      retainAccuracy,
      selected,
    })),
    chosenAlpha: ssd.options.alpha,
    ratioHistogram: await ratioHistogram(ssd.importance),
    examples: await shownExamples(bench, plan, ssd.parameters, run),
    ledger: await saveAndReload(join(out, plan.name), plan, ssd, rows, run),
  };
  for (const { parameters } of outcomes) parameters.dispose(plan.trained.model.parameters);
  return request;
}

/** Says what is being done in front of what the step itself reports. */
const phase = (run: RunOptions, name: string): RunOptions => ({
  ...run,
  onProgress: ({ done, total, phase: step }) =>
    run.onProgress?.({ done, total, phase: step === undefined ? name : `${name}: ${step}` }),
});
