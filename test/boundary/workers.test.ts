import { PATIENCE_MS, reportOf, runChild } from '../support/child';
import { limitMs } from '../support/load';
import { announce } from '../support/numbers';
import type { WorkersReport } from './children/workers';

jest.setTimeout(PATIENCE_MS);

/** R13; a terminated worker waits for the piece of work at hand. On an idle machine. */
const LONGEST_TERMINATION_MS = 500;

const WORKERS = [
  ['finishing', '50', 'gave what the main thread gives'],
  ['terminated', '50', 'were terminated while they computed'],
  ['alone', '8', 'worked although nothing else had loaded the addon'],
] as const;

describe('R13: worker threads have engines of their own', () => {
  test.each(WORKERS)('%s: %s %s', async (mode, count, what) => {
    const limit = limitMs(LONGEST_TERMINATION_MS);
    const { workers, good, errors, terminationMs } = reportOf(
      await runChild('workers', { args: [mode, count] }),
    ) as WorkersReport;
    const slowest = Math.max(0, ...terminationMs);
    const termination = mode === 'terminated' ? `, longest termination ${slowest.toFixed(0)} ms` : '';
    announce('R13', `${good} of ${workers} workers ${what}${termination}`);
    expect(errors).toEqual([]);
    expect({ workers, good }).toEqual({ workers: Number(count), good: Number(count) });
    expect(slowest).toBeLessThanOrEqual(limit());
  });
});
