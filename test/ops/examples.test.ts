import '../../lib/graph/evaluate';
import { sizeOf } from '../../lib/graph/shape';
import { checkExamples, checkMixes } from './checks/examples';
import { checkThrough } from './checks/through';
import { variablesOf, type Case } from './row';
import { table } from './table';
import { announceObserved } from '../support/numbers';

afterAll(announceObserved);

const differentiable = table.filter((row) => row.orders !== 0);

describe.each(differentiable.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test('has per-example gradients equal to a loop over single examples', async () => {
    for (const use of row.examples ?? []) await checkExamples(row, use);
  });
  test('refuses to mix examples', () => {
    for (const use of row.mixes ?? []) checkMixes(row, use);
  });
  test('is followed between a parameter and the examples', async () => {
    for (const of of row.cases.filter(isSmall)) await checkThrough(row, of);
  });
});

/** With parameters, but not so many that a loop over examples takes long. */
const isSmall = (of: Case): boolean => {
  const sizes = variablesOf(of).map((i) => sizeOf(of.inputs[i]!.shape));
  return sizes.length > 0 && Math.min(...sizes) > 0 && Math.max(...sizes) <= 48;
};
