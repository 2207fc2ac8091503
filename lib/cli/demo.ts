import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Command } from 'commander';

import { atomicWrite } from '../io/atomicWrite';
import { ioError } from '../io/ioError';
import { renderReport } from '../report/page';
import type { DemoResult } from '../report/result';
import { toJsonLine } from '../report/json';
import { resultTable } from '../report/resultTable';
import { wantsColor } from '../report/table';
import { withProgress } from './progress';
import type { Terminal } from './terminal';
import { integer } from './values';
import { packageVersion } from './version';

interface DemoFlags {
  readonly quick?: boolean;
  readonly seed: number;
  readonly digit?: number;
  readonly out: string;
  readonly json?: boolean;
}

/** `palimpsest demo`: the main job on real digits. */
export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description(
      'train on real digits, answer three requests to forget, compare with retraining, write a report',
    )
    .option('--quick', 'fewer images and epochs: under a minute instead of under five')
    .option('--seed <n>', 'of everything random', integer(0), 0)
    .option('--digit <n>', 'the digit that the first request forgets', integer(0, 9))
    .option('--out <folder>', 'where models, ledgers and the report go', 'demo')
    .option('--json', 'print one line of JSON instead of the table')
    .action((flags: DemoFlags) => demo(flags, terminal));
}

async function demo({ json = false, ...options }: DemoFlags, terminal: Terminal): Promise<void> {
  const { signal, stdout } = terminal;
  const { out } = options;
  const { runDemo } = await import('../demo/mnist.js');
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw ioError('create', out, error);
  });
  const measured = await withProgress(terminal, (onProgress) => runDemo(options, { signal, onProgress }));
  const environment = { ...measured.environment, palimpsest: packageVersion() };
  const result: DemoResult = { ...measured, environment };

  const report = join(out, 'report.html');
  await atomicWrite(report, renderReport(result), { signal });
  await atomicWrite(join(out, 'result.json'), `${JSON.stringify(result)}\n`, { signal });
  if (json) {
    stdout.write(`${toJsonLine(result)}\n`);
  } else {
    const color = wantsColor(stdout, terminal.environment);
    stdout.write(`${resultTable(result, { color })}\nThe report is ${report}\n`);
  }
}
