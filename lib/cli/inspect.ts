import { readdir } from 'node:fs/promises';

import type { Command } from 'commander';

import type { Column } from '../report/table';
import { count } from '../report/format';
import { writeJson, writeTable, type Terminal } from './terminal';

interface InspectFlags {
  readonly tensors?: boolean;
  readonly hooks?: boolean;
  readonly json?: boolean;
}

interface TensorLine {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

const COLUMNS: readonly Column<TensorLine>[] = [
  { title: 'parameter', text: ({ name }) => name, align: 'left' },
  { title: 'dtype', text: ({ dtype }) => dtype, align: 'left' },
  { title: 'shape', text: ({ shape }) => `[${shape.join(', ')}]`, align: 'left' },
  { title: 'bytes', text: ({ bytes }) => count(bytes) },
];

/** `palimpsest inspect`: what is in a model's folder. No weight is read: `palimpsest ledger show` checks them against the record. */
export function addInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .description('what is in the folder of a model')
    .argument('<folder>', 'a checkpoint, or a folder that palimpsest saved')
    .option('--tensors', 'list every parameter')
    .option('--hooks', 'list the values that can be read and replaced')
    .option('--json', 'print one line of JSON, with all lists')
    .action((folder: string, flags: InspectFlags) => inspect(folder, flags, terminal));
}

async function inspect(folder: string, flags: InspectFlags, terminal: Terminal): Promise<void> {
  const { signal, stdout } = terminal;
  const { loadModel } = await import('../models/folder.js');
  const { loadLedger } = await import('../models/ledgerFiles.js');
  const model = await loadModel(folder, { signal });
  const files = new Set(await readdir(folder));
  const tensors = [...model.parameters].map(([name, tensor]): TensorLine => {
    const { dtype, shape } = tensor;
    return { name, dtype, shape, bytes: tensor.bytes };
  });
  const dtypes: Record<string, number> = {};
  for (const { dtype, shape } of tensors)
    dtypes[dtype] = (dtypes[dtype] ?? 0) + shape.reduce((product, extent) => product * extent, 1);
  const changes = (await loadLedger(folder, { signal })).entries.length;
  const facts = {
    architecture: model.architecture,
    modelType: model.config.model_type,
    weights: model.parameters.elementCount,
    bytes: tensors.reduce((total, { bytes }) => total + bytes, 0),
    dtypes,
    tied: Object.fromEntries(model.tied),
    tokenizer: files.has('tokenizer.json'),
    ledgerEntries: changes,
  };
  if (flags.json === true) {
    writeJson(stdout, { ...facts, parameters: tensors, hookPoints: model.hookPoints });
    return;
  }
  stdout.write(`${facts.architecture} (${facts.modelType})\n`);
  stdout.write(
    `${count(facts.weights)} weights in ${tensors.length} parameters, ${count(facts.bytes)} bytes\n`,
  );
  stdout.write(
    `dtypes: ${Object.entries(dtypes)
      .map(([dtype, n]) => `${dtype} (${count(n)})`)
      .join(', ')}\n`,
  );
  for (const [name, of] of model.tied) stdout.write(`${name} is ${of}\n`);
  stdout.write(`tokenizer: ${facts.tokenizer ? 'there' : 'none'}; recorded changes: ${changes}\n`);
  if (flags.tensors === true) writeTable(terminal, tensors, COLUMNS);
  if (flags.hooks === true) stdout.write(`${model.hookPoints.join('\n')}\n`);
}
