import { isSanitized, PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import type { ProgramsReport } from './children/hostilePrograms';

jest.setTimeout(PATIENCE_MS);

const MUTANTS = 6000;
/** Too much work that is told to stop does so between two pieces of it. */
const LONGEST_STOP_MS = 1000;

test('R9: no program ends the process, and every refusal has a code', async () => {
  const ended = await runChild('hostilePrograms', { args: ['0', String(MUTANTS)] });
  if (ended.signal) throw new Error(`ended by ${ended.signal} in: ${ended.stderr.trim().split('\n').at(-1)}`);
  const report = reportOf(ended) as ProgramsReport;
  const { programs, kernels, unused, wrong, outcomes, slowestStopMs, liveBytes } = report;
  announce(
    'R9',
    `${report.mutants} mutants of ${programs} programs of all ${kernels} kernels, 0 exits by signal, ` +
      `${wrong.length} wrong: ${JSON.stringify(outcomes)}`,
  );
  expect({ wrong, liveBytes }).toEqual({ wrong: [], liveBytes: 0 });
  // Those that measure the machine belong to no op.
  expect(unused.filter((name) => !name.startsWith('bench'))).toEqual([]);
  // The mutants are neither all harmless nor all refused before a kernel sees them.
  expect(outcomes['answered']).toBeGreaterThan(MUTANTS / 20);
  expect(outcomes['ERR_SHAPE']).toBeGreaterThan(MUTANTS / 20);
  if (!isSanitized) expect(slowestStopMs).toBeLessThanOrEqual(LONGEST_STOP_MS);
});
