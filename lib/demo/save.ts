import { join } from 'node:path';

import { PalimpsestError } from '../errors';
import { storeImportance } from '../curvature/storedImportance';
import { digestOf } from '../data/digest';
import type { RunOptions } from '../graph/tensor';
import { loadModel, saveModel } from '../models/folder';
import { Ledger } from '../models/ledger';
import { loadLedger } from '../models/ledgerFiles';
import { weightsHash } from '../models/weightsHash';
import type { LedgerRow, MethodResult, PlainObject } from '../report/result';
import type { SsdResult } from '../unlearn';
import type { RequestPlan, Trained } from './plan';
import { weightsChanged } from './judge';

/** Saves a trained model with the importance of its data beside it, so that later requests need not see the data. */
export async function saveTrained(
  folder: string,
  { model, importance }: Trained,
  run: RunOptions,
): Promise<void> {
  const { signal } = run;
  await saveModel(folder, model, { signal });
  const weights = await weightsHash(model.parameters, signal);
  const kind = { mode: 'example', labels: 'true', weights } as const;
  await storeImportance(join(folder, 'importance.safetensors'), importance, kind, signal);
}

/**
 * Saves the edited model with its ledger, loads both back and checks that nothing got lost: the weights are the edited
 * ones, and undoing the entry gives the original ones, bit for bit.
 */
export async function saveAndReload(
  folder: string,
  { trained, forget }: RequestPlan,
  { parameters, method, options, seconds }: SsdResult,
  rows: readonly MethodResult[],
  { signal }: RunOptions,
): Promise<LedgerRow[]> {
  const ledger = new Ledger();
  await ledger.record({
    before: trained.model.parameters,
    after: parameters,
    method,
    options,
    dataDigest: { forget: await digestOf(forget, signal) },
    measurements: { before: measured(rows, 'original'), after: measured(rows, method) },
    seconds,
    signal,
  });
  await saveModel(folder, { ...trained.model, parameters }, { ledger, signal });

  const loaded = await loadModel(folder, signal ? { signal } : {});
  const history = await loadLedger(folder, signal ? { signal } : {});
  const undone = await history.copy().undo(loaded.parameters);
  const differences =
    (await weightsChanged(parameters, loaded.parameters)) +
    (await weightsChanged(trained.model.parameters, undone.parameters));
  if (differences !== 0)
    throw new PalimpsestError('ERR_INTERNAL', 'demo: the saved model is not the edited one');
  undone.parameters.dispose();
  loaded.parameters.dispose();
  return history.entries.map((entry) => ({
    id: String(entry.id),
    method: entry.method,
    time: entry.createdAt,
    options: entry.options as PlainObject,
    weightsChanged: entry.parametersTouched.reduce((total, { changed }) => total + changed, 0),
    parameters: entry.parametersTouched.map(({ name }) => name),
    digestBefore: entry.weightsHashBefore,
    digestAfter: entry.weightsHashAfter,
    ...(entry.dataDigest.forget === undefined ? {} : { dataDigest: entry.dataDigest.forget }),
  }));
}

function measured(rows: readonly MethodResult[], method: string): Record<string, number> {
  const row = rows.find(({ name }) => name === method);
  if (!row) return {};
  const { forgetAccuracy, retainAccuracy, testAccuracy, mia } = row;
  return { forgetAccuracy, retainAccuracy, testAccuracy, mia };
}
