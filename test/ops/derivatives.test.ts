import '../../lib/graph/evaluate';
import { checkDuality, checkFloat32Gradient, checkGradient, checkSecond } from './checks/derivatives';
import { announceObserved } from '../support/numbers';
import { table } from './table';

const differentiable = table.filter((row) => row.orders !== 0);

afterAll(announceObserved);

describe.each(differentiable.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test('has the gradient that differences have', async () => {
    for (const of of row.cases) await checkGradient(row, of);
  });
  test('has forward and reverse rules that are transposes of each other', async () => {
    for (const of of row.cases) await checkDuality(row, of);
  });
  test('has nearly the same gradient in float32', async () => {
    for (const of of row.cases) await checkFloat32Gradient(row, of);
  });
  if (row.orders === 1) return;
  test('has the second derivative that differences have', async () => {
    for (const of of row.cases) await checkSecond(row, of);
  });
});
