import { PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import type { AccountingReport } from './children/accounting';

jest.setTimeout(PATIENCE_MS);

test('R12: the collector knows of every byte that a handle keeps, after each operation', async () => {
  const { operations, differences, peakBytes } = reportOf(await runChild('accounting')) as AccountingReport;
  announce('R12', `${differences.length} differences in ${operations} operations, peak ${peakBytes} bytes`);
  expect(differences).toEqual([]);
  expect(operations).toBeGreaterThanOrEqual(300);
});
