import { percent, significant } from '../lib/report/format';
import { renderTable, wantsColor, type Column } from '../lib/report/table';
import type { Result } from './result';
import type { Subject } from './subject';

const rate = ({ gigaflops, gigabytesPerSecond }: Result): string => {
  if (gigaflops !== undefined) return `${significant(gigaflops)} GFLOP/s`;
  return gigabytesPerSecond === undefined ? '' : `${significant(gigabytesPerSecond)} GB/s`;
};

const COLUMNS: readonly Column<Result>[] = [
  { title: 'name', text: ({ name }) => name, align: 'left' },
  { title: 'median ms', text: ({ medianMs }) => significant(medianMs) },
  { title: 'spread', text: ({ spread }) => percent(spread) },
  { title: 'samples', text: ({ samples }) => String(samples) },
  { title: 'rate', text: rate },
  { title: 'share', text: ({ share }) => (share === undefined ? '' : percent(share)) },
  { title: 'of', text: ({ limit }) => limit ?? '', align: 'left' },
  { title: 'ratio', text: ({ ratio }) => (ratio === undefined ? '' : significant(ratio)) },
  { title: 'to', text: ({ against }) => against ?? '', align: 'left' },
];

/** Leaves out the columns that no row fills. */
const filled = (results: readonly Result[]): Column<Result>[] =>
  COLUMNS.filter(({ text }) => results.some((result) => text(result) !== ''));

export function printJson(results: readonly Result[]): void {
  for (const result of results) console.log(JSON.stringify(result));
}

export function printTable({ name, about }: Subject, results: readonly Result[]): void {
  console.log(`\n${name}: ${about}\n`);
  console.log(renderTable(results, filled(results), { color: wantsColor(process.stdout, process.env) }));
}
