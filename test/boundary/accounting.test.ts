import { PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import type { AccountingReport } from './children/accounting';

jest.setTimeout(PATIENCE_MS);

test('R12: the collector knows of every byte that a handle keeps, after each operation', async () => {
  // Array buffers are swept in the collection that finds them dead, not by a thread behind it: see the child.
  const options = { nodeOptions: ['--no-concurrent-array-buffer-sweeping'] };
  const { operations, differences, peakBytes } = reportOf(
    await runChild('accounting', options),
  ) as AccountingReport;
  announce('R12', `${differences.length} differences in ${operations} operations, peak ${peakBytes} bytes`);
  expect(differences).toEqual([]);
  expect(operations).toBeGreaterThanOrEqual(300);
});
