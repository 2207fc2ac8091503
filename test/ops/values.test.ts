import '../../lib/graph/evaluate';
import { checkFused } from './checks/fused';
import { checkLayout, checkSpecial, checkValue } from './checks/value';
import { announce } from '../support/numbers';
import { table } from './table';

test('special numbers and extreme sizes are in the table', () => {
  const special = table.reduce((total, row) => total + (row.special?.length ?? 0), 0);
  const empty = table.filter((row) => row.without?.empty === undefined).length;
  const single = table.filter((row) => row.without?.size1 === undefined).length;
  announce(
    'R19',
    `${special} cases with NaN and infinities; ${empty} and ${single} of ${table.length} rows with no and one element`,
  );
  expect(special).toBeGreaterThan(0);
});

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
