import { Option, type Command } from 'commander';

import type { LabeledSet } from '../data/labeledSet';
import type { Model } from '../models/model';
import { count, percent, seconds } from '../report/format';
import type { SsdData, SsdResult } from '../unlearn/classifiers/ssd';
import { withProgress } from './progress';
import type { SsdFiles } from './ssdInputs';
import { warn, writeJson, type Terminal } from './terminal';
import { positive } from './values';

interface SsdFlags extends SsdFiles {
  readonly out: string;
  readonly alpha: number;
  readonly lambda: number;
  readonly fisher: 'example' | 'batch';
  readonly labelFree?: boolean;
  readonly json?: boolean;
}

const FILES_HELP = `
FILES are two idx or npy files, examples and labels, or one CSV file. Without --full and --importance, the
importance.safetensors beside the model is used.

Example:
  palimpsest unlearn ssd --model digits --forget images-idx3-ubyte labels-idx1-ubyte --out forgotten`;

/** `palimpsest unlearn ssd`: Selective Synaptic Dampening on a saved classifier and the user's own data. */
export function addUnlearnSsd(unlearn: Command, terminal: Terminal): void {
  unlearn
    .command('ssd')
    .description('Selective Synaptic Dampening: forgets without training')
    .requiredOption('--model <folder>', 'a classifier that palimpsest saved')
    .requiredOption('--forget <files...>', 'the examples to forget')
    .option('--full <files...>', 'all training data, the examples to forget included')
    .option('--importance <file>', 'stored importance of all training data, instead of --full')
    .option('--save-importance <file>', 'store the importance of --full for later requests')
    .option('--test <files...>', 'examples to measure the accuracy on, before and after')
    .requiredOption('--out <folder>', 'where the edited model goes; may be the folder of the model')
    .option('--alpha <number>', 'select weights that matter alpha times more to the forget set', positive, 10)
    .option('--lambda <number>', 'strength of the dampening', positive, 1)
    .addOption(
      new Option('--fisher <mode>', 'whose gradients are squared: of every example, or of every batch')
        .choices(['example', 'batch'])
        .default('example'),
    )
    .option('--label-free', 'measure importance without labels')
    .option('--label <column>', 'CSV: column of class numbers, by name or number (default: label)')
    .option('--no-header', 'CSV: the first line is data')
    .option('--pixels', 'CSV, npy: features are grey values from 0 to 255')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', FILES_HELP)
    .action((flags: SsdFlags) => unlearnSsd(flags, terminal));
}

async function unlearnSsd(flags: SsdFlags, terminal: Terminal): Promise<void> {
  const { alpha, lambda, out, saveImportance } = flags;
  const { signal } = terminal;
  const { loadModel, saveModel } = await import('../models/folder.js');
  const { loadLedger } = await import('../models/ledgerFiles.js');
  const { withParameters } = await import('../models/model.js');
  const { readSsdInputs } = await import('./ssdInputs.js');
  const { storeImportance } = await import('../curvature/storedImportance.js');
  const { ssd } = await import('../unlearn/classifiers/ssd.js');

  const fisher = { mode: flags.fisher, labels: flags.labelFree === true ? 'none' : 'true' } as const;
  const model = await loadModel(flags.model, { signal });
  const ledger = await loadLedger(flags.model, { parameters: model.parameters, signal });
  const { data, judged, kind, warnings } = await readSsdInputs(flags, model, fisher, signal);

  const result = await withProgress(terminal, (onProgress) =>
    ssd(model, data, { alpha, lambda, fisher }, { signal, onProgress }),
  );
  const edited = withParameters(model, result.parameters);
  const measurements = await accuracies(model, edited, judged, signal);
  await ledger.record({
    before: model.parameters,
    after: result.parameters,
    method: result.method,
    options: result.options,
    dataDigest: await digests(data, signal),
    measurements,
    seconds: result.seconds,
    signal,
  });
  if (saveImportance !== undefined) {
    await storeImportance(saveImportance, result.importance.full, kind, signal);
  }
  await saveModel(out, edited, { ledger, signal });
  warn(terminal, [...warnings, ...result.warnings]);
  tell(flags, result, measurements, terminal);
}

async function digests({ forget, full }: SsdData, signal: AbortSignal): Promise<Record<string, string>> {
  const { digestOf } = await import('../data/digest.js');
  const digested: Record<string, string> = {};
  for (const [name, set] of Object.entries({ forget, full })) {
    if (set) digested[name] = await digestOf(set, signal);
  }
  return digested;
}

type Measurements = Readonly<Record<'before' | 'after', Readonly<Record<string, number>>>>;

/** Accuracies of both models on every set, under the names `forgetAccuracy` and `testAccuracy`. */
async function accuracies(
  model: Model,
  edited: Model,
  sets: Readonly<Record<string, LabeledSet>>,
  signal: AbortSignal,
): Promise<Measurements> {
  const { accuracy, predictedClasses } = await import('../metrics/accuracy.js');
  const { predictor } = await import('../models/predictor.js');
  const measurements: Record<'before' | 'after', Record<string, number>> = { before: {}, after: {} };
  for (const [name, set] of Object.entries(sets)) {
    const predict = predictor(model, set.classCount);
    for (const [when, { parameters }] of [['before', model] as const, ['after', edited] as const]) {
      const logits = await predict(parameters, set, { signal });
      const share = accuracy(predictedClasses(logits, set.classCount), set.labels);
      measurements[when][`${name}Accuracy`] = share;
    }
  }
  return measurements;
}

function tell(flags: SsdFlags, result: SsdResult, measurements: Measurements, { stdout }: Terminal): void {
  const { json = false, out } = flags;
  const { method, selected, meanFactor, options } = result;
  if (json) {
    const duration = result.seconds;
    writeJson(stdout, { method, selected, meanFactor, seconds: duration, ...measurements, options, out });
    return;
  }
  const { before, after } = measurements;
  stdout.write(`${count(selected)} weights dampened in ${seconds(result.seconds)}\n`);
  for (const [name, share] of Object.entries(before)) {
    const words = name.replace('Accuracy', ' accuracy');
    stdout.write(`${words} ${percent(share)} -> ${percent(after[name] ?? Number.NaN)}\n`);
  }
  stdout.write(`The edited model is in ${out}\n`);
}
