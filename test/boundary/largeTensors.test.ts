import { temporaryFolder } from '../io/temporaryFolder';
import { isSanitized, PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce, isFull } from '../support/numbers';
import type { LargeTensorsReport } from './children/largeTensors';

jest.setTimeout(PATIENCE_MS);

const folder = temporaryFolder();
const HALF = 2 ** 31;
const COUNT = HALF + 5;

const EXPECTED: Readonly<Record<string, unknown>> = {
  shape: [COUNT],
  slice: [0, 0, 1, 2, 9, 4, 5],
  'strided slice': [0, 9],
  rows: [9, 4, 5],
  max: 9,
  'take by int32': [0, 0],
  'take by int64': 'ERR_SHAPE',
  argmax: 'ERR_SHAPE',
  iota: 'ERR_VALUE',
  argsort: 'ERR_SHAPE',
  topk: 'ERR_SHAPE',
  'argmax of rows': [0, HALF / 2 - 1],
  bool: ['bool', 0, 0, 0, 0, 1, 0, 0],
  sum: 21,
  'saved and loaded': [COUNT, 0, 0, 1, 2, 9, 4, 5, 9],
};

/** Of memory for one answer: what takes more does so for a minute, and is left to `npm run reliability`. */
const MOST_BYTES = (isFull ? 12 : 5) * 2 ** 30;
/** Scalars that the collector has not come to. */
const LEFT_BYTES = 1 << 20;

// A sanitizer's shadow of memory takes more than there is.
(isSanitized ? test.skip : test)('R19: tensors of more than 2^31 elements', async () => {
  const ended = await runChild('largeTensors', { args: [folder, String(MOST_BYTES)] });
  const { answers, skipped, liveBytes } = reportOf(ended) as LargeTensorsReport;
  const given = Object.keys(answers);
  const room = skipped.length > 0 ? `; left out are ${skipped.join(', ')}` : '';
  announce('R19', `${given.length} of ${Object.keys(EXPECTED).length} answers of 2^31 + 5 elements${room}`);
  expect(answers).toEqual(Object.fromEntries(given.map((name) => [name, EXPECTED[name]])));
  if (skipped.length === 0) expect(given).toEqual(Object.keys(EXPECTED));
  expect(liveBytes).toBeLessThan(LEFT_BYTES);
});
