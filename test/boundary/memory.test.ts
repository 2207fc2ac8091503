import { isSanitized, PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import type { MemoryReport } from './children/memory';

jest.setTimeout(PATIENCE_MS);

/** R11. */
const LARGEST_GROWTH = 0.01;
/** What V8's own heap and the C library's move by from run to run, mostly to and fro. */
const HEAP_NOISE_BYTES = 4 << 20;
/** Keeps V8's nursery, which grows when it likes, out of the measurement. */
const NODE_OPTIONS = ['--max-semi-space-size=1'];

const SCENARIOS = [
  ['training', '2000', 'steps that dispose what they replace'],
  ['gradients', '1000', 'gradients that nobody disposes'],
  ['loading', '200', 'rounds of reading a file and disposing its tensors'],
  ['compiling', '1000', 'functions compiled, used once and dropped'],
] as const;

describe('R11: memory stays where it was', () => {
  test.each(SCENARIOS)('%s: %s %s', async (scenario, rounds, what) => {
    const ended = await runChild('memory', { args: [scenario, rounds], nodeOptions: NODE_OPTIONS });
    const { warmBytes, endBytes, counters } = reportOf(ended) as MemoryReport;
    const growth = endBytes - warmBytes;
    announce(
      'R11',
      `${rounds} ${what}: ${(growth / 1e6).toFixed(1)} MB (${((100 * growth) / warmBytes).toFixed(1)} %), ` +
        `${counters.handles} handles left`,
    );
    expect(counters).toMatchObject({ handles: 0, handleBytes: 0, liveBytes: 0 });
    // A sanitizer keeps freed memory in quarantine.
    if (!isSanitized) expect(growth).toBeLessThanOrEqual(LARGEST_GROWTH * warmBytes + HEAP_NOISE_BYTES);
  });
});
