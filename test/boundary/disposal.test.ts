import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { memory, trimMemory } from '../../lib/native';
import { full, mul } from '../../lib/ops/elementwise/arithmetic';
import { reshape } from '../../lib/ops/shape/reshape';
import { isSanitized } from '../support/child';
import { memoryAtRest } from '../support/garbage';

const input = (): Tensor => tensor(new Float32Array(1000).fill(2));

describe('what is disposed while a run needs it', () => {
  test('stays for the run, and for the result that is a view of it', async () => {
    const x = input();
    const [view, twice] = [reshape(x, [10, 100]), mul(x, 2)];
    const running = evaluate([view, twice]);
    x.dispose();
    await running;
    expect((await view.data())[999]).toBe(2);
    expect((await twice.data())[999]).toBe(4);
    for (const result of [view, twice]) result.dispose();
  });

  test('stays for a compiled function too', async () => {
    const fn = compile((x: Tensor) => [reshape(x, [10, 100]), mul(x, 2)]);
    const x = input();
    const running = fn(x);
    await Promise.resolve(); // the run has taken its inputs
    x.dispose();
    const [view, twice] = await running;
    expect((await view!.data())[999]).toBe(2);
    expect((await twice!.data())[999]).toBe(4);
    for (const result of [view!, twice!]) result.dispose();
  });

  test('leaves no bytes behind when it is the result', async () => {
    const x = input();
    const { liveBytes, handles } = await memoryAtRest();
    const result = mul(x, 2);
    const running = evaluate(result);
    result.dispose();
    await running;
    expect(memory()).toMatchObject({ liveBytes, handles });
    x.dispose();
  });
});

// A sanitized build takes every block from the system, so that each has its guards: nothing is left.
const testOfCache = isSanitized ? test.skip : test;
testOfCache('what is counted as live does not depend on the blocks that earlier work has left', async () => {
  const rest = await memoryAtRest();
  trimMemory();
  const { cachedBytes } = memory();
  /** What a tensor of so many bytes counts as, live and out of the cache. */
  const counted = async (bytes: number): Promise<{ live: number; cached: number }> => {
    const before = memory();
    using x = await evaluate(full([bytes / 4], 1));
    const after = memory();
    expect(x.bytes).toBe(bytes);
    return {
      live: after.liveBytes - before.liveBytes,
      cached: after.cachedBytes - before.cachedBytes,
    };
  };
  // Units of 64 bytes, and 16 KiB where a block of 20 KiB has been left.
  expect(await counted(4000)).toEqual({ live: 4032, cached: 0 });
  expect(await counted(20480)).toEqual({ live: 20480, cached: 0 });
  expect(await counted(16384)).toEqual({ live: 16384, cached: -16384 });
  expect(memory()).toMatchObject({ liveBytes: rest.liveBytes, cachedBytes: cachedBytes + 4032 + 20480 });
  using held = await evaluate(full([4096], 1));
  trimMemory();
  // The rest of the block in use.
  expect(memory().cachedBytes).toBe(cachedBytes + 4096);
  expect(memory().liveBytes).toBe(rest.liveBytes + held.bytes);
});
