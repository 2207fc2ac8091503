import '../../lib/graph/evaluate';
import { checkFused } from './checks/fused';
import { checkLayout, checkSpecial, checkValue } from './checks/value';
import { table } from './table';

describe.each(table.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test('is what its reference says', async () => {
    for (const of of row.cases) await checkValue(row, of);
  });
  test('treats special numbers as its reference does', async () => {
    for (const of of row.special ?? []) await checkSpecial(row, of);
  });
  test('does not depend on how its inputs lie in memory', async () => {
    for (const of of row.cases) await checkLayout(row, of);
  });
  test('agrees with its decomposition', async () => {
    for (const of of row.cases) await checkFused(row, of);
  });
});
