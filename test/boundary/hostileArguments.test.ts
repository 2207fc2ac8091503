import { PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import type { HostileReport } from './children/hostileArguments';

jest.setTimeout(PATIENCE_MS);

/** R9. */
const FEWEST_CALLS = 500;

test('R9: no argument ends the process, and every refusal has a code', async () => {
  const ended = await runChild('hostileArguments');
  if (ended.signal) throw new Error(`ended by ${ended.signal} in: ${ended.stderr.trim().split('\n').at(-1)}`);
  const { functions, tried, calls, wrong, outcomes, worksAfterwards } = reportOf(ended) as HostileReport;
  announce(
    'R9',
    `${calls} calls, 0 exits by signal, ${wrong.length} without a code: ${JSON.stringify(outcomes)}`,
  );
  expect(tried).toEqual(functions);
  expect(wrong).toEqual([]);
  expect(worksAfterwards).toBe(true);
  expect(calls).toBeGreaterThanOrEqual(FEWEST_CALLS);
});
