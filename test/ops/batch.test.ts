import '../../lib/graph/evaluate';
import { sizeOf } from '../../lib/graph/shape';
import { checkBatch } from './checks/batch';
import { table } from './table';

/** Enough for every rule; large cases are about threads. */
const LARGEST = 400;

describe.each(table.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test('does under vmap what it does for one member after the other', async () => {
    const small = row.cases.filter(({ inputs }) => inputs.every(({ shape }) => sizeOf(shape) <= LARGEST));
    for (const of of small) await checkBatch(row, of);
  });
});
