import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { tensorsOf } from '../../lib/graph/tree';
import { memory, setMemoryLimit } from '../../lib/native';
import { add, mul, zeros } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { sum } from '../../lib/ops/reduce/sum';
import { isSanitized, PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import { code } from '../support/errors';
import { memoryAtRest } from '../support/garbage';
import type { SystemLimitReport } from './children/systemLimit';

jest.setTimeout(PATIENCE_MS);

afterEach(() => setMemoryLimit(0));

/** As many as the child makes. */
const REQUESTS = 20;
const refused = code('ERR_OUT_OF_MEMORY');

describe('R18: beyond the limit', () => {
  test('every way of asking for memory is refused by its code, and works again afterwards', async () => {
    const x = await evaluate(add(zeros([256, 256]), 1));
    const twice = compile((input: Tensor) => mul(input, 2));
    (await twice(x)).dispose();
    const ways: readonly (() => unknown)[] = [
      () => tensor(new Float32Array(1 << 16)),
      () => evaluate(mul(x, 3)),
      () => evaluate(matmul(x, x)),
      () => twice(x),
      () => sum(matmul(x, mul(x, 2))).item(),
    ];
    const { liveBytes } = await memoryAtRest();
    for (const way of ways) {
      setMemoryLimit(liveBytes + 1024);
      await expect(Promise.resolve().then(way)).rejects.toEqual(refused);
      expect(memory().liveBytes).toBeLessThanOrEqual(liveBytes);
      setMemoryLimit(0);
      for (const result of tensorsOf(await way())) result.dispose();
    }
    announce(
      'R18',
      `${ways.length} of ${ways.length} ways refused with ERR_OUT_OF_MEMORY, and working again`,
    );
  });

  test('what fits goes on while what does not is refused', async () => {
    setMemoryLimit((await memoryAtRest()).liveBytes + (1 << 20));
    const [small, large, other] = await Promise.allSettled([
      sum(zeros([1000])).item(),
      evaluate(zeros([1 << 20])),
      sum(add(zeros([1000]), 1)).item(),
    ]);
    expect(small).toMatchObject({ value: 0 });
    expect(large).toMatchObject({ reason: { code: 'ERR_OUT_OF_MEMORY' } });
    expect(other).toMatchObject({ value: 1000 });
  });

  test('a limit is a number of bytes', () => {
    for (const wrong of [-1, NaN, 0.5, 2 ** 53])
      expect(() => setMemoryLimit(wrong)).toThrow(code('ERR_ARGUMENT'));
  });
});

// The sanitizers keep terabytes of addresses for themselves.
(isSanitized ? test.skip : test)('R18: beyond what the system gives, the process goes on', async () => {
  // The TypeScript loader uses WebAssembly, which would take more addresses than the limit allows.
  const ended = await runChild('systemLimit', { nodeOptions: ['--disable-wasm-trap-handler'] });
  const { codes, sumAfterwards, liveBytes } = reportOf(ended) as SystemLimitReport;
  announce(
    'R18',
    `${codes.length} of ${REQUESTS} requests refused by the system, which the process survives`,
  );
  expect(codes).toEqual(Array(REQUESTS).fill('ERR_OUT_OF_MEMORY'));
  expect({ sumAfterwards, liveBytes }).toEqual({ sumAfterwards: 1 << 20, liveBytes: 0 });
});
