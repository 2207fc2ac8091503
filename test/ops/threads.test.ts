import '../../lib/graph/evaluate';
import { checkThreads } from './checks/threads';
import { table } from './table';

test.each(table.map((row) => [row.name, row] as const))(
  '%s gives the same bits in every run and on any number of threads',
  async (_name, row) => {
    await checkThreads(row);
  },
);
