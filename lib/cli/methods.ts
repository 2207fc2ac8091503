import type { Command } from 'commander';

import type { Column } from '../report/table';
import { unlearningMethods, type MethodEntry } from '../unlearn/registry';
import { writeJson, writeTable, type Terminal } from './terminal';

const COLUMNS: readonly Column<MethodEntry>[] = [
  { title: 'name', text: ({ name }) => name, align: 'left' },
  { title: 'method', text: ({ title }) => title, align: 'left', wrap: true },
  { title: 'intention', text: ({ intention }) => intention, align: 'left' },
  { title: 'paper', text: ({ paper }) => paper, align: 'left', wrap: true },
  { title: 'needs', text: ({ needs }) => needs.join(', '), align: 'left', wrap: true },
  { title: 'measured', text: ({ measured }) => measured ?? '', align: 'left', wrap: true },
];

/** `palimpsest methods`: what there is. */
export function addMethods(program: Command, terminal: Terminal): void {
  program
    .command('methods')
    .description('every method with its paper, intention, needs and measured result')
    .option('--json', 'print one line of JSON')
    .action(({ json = false }: { readonly json?: boolean }) => {
      if (json) writeJson(terminal.stdout, { methods: unlearningMethods });
      else writeTable(terminal, unlearningMethods, COLUMNS);
    });
}
