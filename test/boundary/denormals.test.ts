import { PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import type { DenormalsReport } from './children/denormals';

jest.setTimeout(PATIENCE_MS);

test('R19: denormal numbers are those of IEEE 754, in every thread', async () => {
  const report = reportOf(await runChild('denormals')) as DenormalsReport;
  const all = Object.values(report);
  const checks = all.reduce((sum, part) => sum + part.checks, 0);
  announce('R19', `${checks} checks of denormal numbers in ${all.length} settings of threads, bit for bit`);
  for (const { mistakes } of all) expect(mistakes).toEqual([]);
  expect(Object.keys(report)).toHaveLength(6);
  expect(checks).toBe(6 * (all[0]?.checks ?? 0));
  expect(checks).toBeGreaterThanOrEqual(300);
});
