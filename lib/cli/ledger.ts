import type { Command } from 'commander';

import type { LedgerEntry } from '../models/ledgerEntry';
import { count, optionText } from '../report/format';
import type { PlainObject } from '../report/result';
import type { Column } from '../report/table';
import { writeJson, writeTable, type Terminal } from './terminal';
import { integer } from './values';

interface UndoFlags {
  readonly entry?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `palimpsest ledger show` and `palimpsest ledger undo`. */
export function addLedger(ledger: Command, terminal: Terminal): void {
  ledger
    .command('show')
    .description('what was done to a model; checks that nothing was done besides')
    .argument('<folder>', 'a folder that palimpsest saved')
    .option('--json', 'print one line of JSON')
    .action((folder: string, flags: Pick<UndoFlags, 'json'>) => show(folder, flags, terminal));
  ledger
    .command('undo')
    .description('give a model the weights that it had before a change, bit for bit')
    .argument('<folder>', 'a folder that palimpsest saved')
    .option('--entry <n>', 'which change (default: the last that stands)', integer(1))
    .option('--out <folder>', 'where to save the model (default: in its place)')
    .option('--json', 'print one line of JSON')
    .action((folder: string, flags: UndoFlags) => undo(folder, flags, terminal));
}

const COLUMNS: readonly Column<LedgerEntry>[] = [
  { title: '#', text: ({ id }) => String(id) },
  { title: 'time', text: ({ createdAt }) => createdAt, align: 'left' },
  { title: 'method', text: ({ method }) => method, align: 'left' },
  { title: 'weights changed', text: (entry) => count(weightsChanged(entry)) },
  { title: 'weights after', text: ({ weightsHashAfter }) => weightsHashAfter.slice(0, 12), align: 'left' },
  { title: 'options', text: ({ options }) => optionText(options as PlainObject), align: 'left', wrap: true },
];

const weightsChanged = ({ parametersTouched }: LedgerEntry): number =>
  parametersTouched.reduce((total, { changed }) => total + changed, 0);

async function show(folder: string, { json }: Pick<UndoFlags, 'json'>, terminal: Terminal): Promise<void> {
  const { signal, stdout } = terminal;
  const { loadModel } = await import('../models/folder.js');
  const { loadLedger } = await import('../models/ledgerFiles.js');
  const { parameters } = await loadModel(folder, { signal });
  const { entries } = await loadLedger(folder, { parameters, signal });
  if (json === true) {
    writeJson(stdout, { entries });
  } else if (entries.length === 0) {
    stdout.write('No change is recorded.\n');
  } else {
    writeTable(terminal, entries, COLUMNS);
    stdout.write('The record is whole, and the weights are those that it ends at.\n');
  }
}

async function undo(folder: string, flags: UndoFlags, { signal, stdout }: Terminal): Promise<void> {
  const { entry: id, out = folder, json = false } = flags;
  const { loadModel, saveModel } = await import('../models/folder.js');
  const { loadLedger } = await import('../models/ledgerFiles.js');
  const { withParameters } = await import('../models/model.js');
  const model = await loadModel(folder, { signal });
  const ledger = await loadLedger(folder, { parameters: model.parameters, signal });
  const { parameters, entry } = await ledger.undo(model.parameters, id, { signal });
  await saveModel(out, withParameters(model, parameters), { ledger, signal });
  const changed = weightsChanged(entry);
  if (json) {
    writeJson(stdout, {
      undone: entry.undoes,
      weightsChanged: changed,
      weights: entry.weightsHashAfter,
      out,
    });
  } else {
    stdout.write(
      `Change ${entry.undoes ?? ''} is undone: ${count(changed)} weights are as before, in ${out}\n`,
    );
  }
}
