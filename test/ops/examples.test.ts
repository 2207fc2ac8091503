import '../../lib/graph/evaluate';
import { checkExamples, checkMixes, checkThrough } from './checks/examples';
import { variablesOf } from './row';
import { table } from './table';

const differentiable = table.filter((row) => row.orders !== 0);

describe.each(differentiable.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test('has per-example gradients equal to a loop over single examples', async () => {
    for (const use of row.examples ?? []) await checkExamples(row, use);
  });
  test('refuses to mix examples', () => {
    for (const use of row.mixes ?? []) checkMixes(row, use);
  });
  if (variablesOf(row.cases[0]!).length === 0) return;
  test('is followed between a parameter and the examples', async () => {
    await checkThrough(row);
  });
});
