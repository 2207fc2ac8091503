import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { FormatError, OptionError } from '../errors';
import type { LabeledSet } from '../data/labeledSet';
import type { Model } from '../models/model';
import { weightsHash } from '../models/weightsHash';
import type { SsdData } from '../unlearn/classifiers/ssd';
import { readFiles, type FileFlags } from './labeledFiles';
import { readImportance, type ImportanceKind } from '../curvature/storedImportance';

/** Where the data of a request come from. */
export interface SsdFiles extends FileFlags {
  readonly model: string;
  readonly forget: readonly string[];
  readonly full?: readonly string[];
  readonly importance?: string;
  readonly saveImportance?: string;
  readonly test?: readonly string[];
}

export interface SsdInputs {
  readonly data: SsdData;
  /** What the accuracy is measured on, before and after: the forget set and, when given, the test set. */
  readonly judged: Readonly<Record<string, LabeledSet>>;
  readonly kind: ImportanceKind;
  readonly warnings: readonly string[];
}

/**
 * Reads what the options name. @throws OptionError when they do not fit together, or do not fit the model.
 */
export async function readSsdInputs(
  files: SsdFiles,
  { config, parameters }: Model,
  fisher: Omit<ImportanceKind, 'weights'>,
  signal: AbortSignal,
): Promise<SsdInputs> {
  const { classes: classCount } = config;
  if (typeof classCount !== 'number') throw new FormatError(`unlearn ssd: '${files.model}' is no classifier`);
  const read = (option: string, paths: readonly string[]): Promise<LabeledSet> =>
    readFiles(option, paths, files, { classCount, signal });

  const stored = storedImportance(files);
  const kind = { ...fisher, weights: await weightsHash(parameters, signal) };
  const forget = await read('--forget', files.forget);
  const judged = files.test ? { forget, test: await read('--test', files.test) } : { forget };
  if (stored === undefined) {
    const full = await read('--full', files.full ?? []);
    return { data: { forget, full }, judged, kind, warnings: [] };
  }
  const { importance, warnings } = await readImportance(stored, parameters, kind);
  return { data: { forget, fullImportance: importance }, judged, kind, warnings };
}

/** The file of the importance of all data; undefined when it has to be computed. */
function storedImportance({ full, importance, saveImportance, model }: SsdFiles): string | undefined {
  if (full && importance !== undefined) {
    throw new OptionError('unlearn ssd: either --full or --importance expected, got both');
  }
  if (full) return undefined;
  if (saveImportance !== undefined) throw new OptionError('unlearn ssd: --save-importance needs --full');
  if (importance !== undefined) return importance;
  const beside = join(model, 'importance.safetensors');
  if (existsSync(beside)) return beside;
  throw new OptionError(`unlearn ssd: --full or --importance is needed; there is no '${beside}'`);
}
