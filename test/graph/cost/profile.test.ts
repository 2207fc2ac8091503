import { compile } from '../../../lib/graph/compile';
import { profile } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../../lib/ops/elementwise/math';
import { matmul } from '../../../lib/ops/products/matmul';
import { normal } from '../../../lib/random/draw';
import { key } from '../../../lib/random/key';

const x = normal(key(1), [300, 300]);
const network = (y: Tensor): Tensor => tanh(matmul(add(mul(y, y), 1), y));

describe('profile', () => {
  it('times every instruction of a compiled call, in order and without overlap', async () => {
    const compiled = compile(network);
    const plain = await compiled(x);
    const { result, profile: measured } = await compiled.profile(x);
    expect(await result.data()).toEqual(await plain.data());
    expect(measured.instructions.map(({ op }) => op)).toEqual(['mul+add', 'matmul', 'tanh']);
    let last = 0;
    for (const { startNs, durationNs } of measured.instructions) {
      expect(startNs).toBeGreaterThanOrEqual(last);
      expect(durationNs).toBeGreaterThan(0);
      last = startNs + durationNs;
    }
    expect(measured.totalNs).toBeCloseTo(last - measured.instructions[0]!.startNs, 3);
    const product = measured.instructions[1]!;
    expect(product.flops).toBe(2 * 300 ** 3);
    expect(product.outputs).toEqual([{ shape: [1, 300, 300], dtype: 'float32' }]);
    expect(compiled.programCount).toBe(1);
  });

  it('adds up by op', async () => {
    const { byOp, instructions, totalNs } = await profile(matmul(matmul(matmul(x, x), x), x));
    expect(byOp.map(({ op, count }) => ({ op, count }))).toEqual(
      expect.arrayContaining([{ op: 'matmul', count: 3 }]),
    );
    expect(byOp.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    const times = instructions.reduce((sum, { durationNs }) => sum + durationNs, 0);
    expect(byOp.reduce((sum, op) => sum + op.totalNs, 0)).toBeCloseTo(times, 3);
    expect(times).toBeLessThanOrEqual(totalNs);
    const [product] = byOp.filter(({ op }) => op === 'matmul');
    expect(product!.gigaflops * product!.totalNs).toBeCloseTo(3 * 2 * 300 ** 3, -1);
  });

  it('evaluates the tree', async () => {
    const y = network(x);
    await profile({ y });
    expect(y.evaluated).toBe(true);
  });

  it('is empty for what has been computed', async () => {
    const y = network(x);
    await y.data();
    const { instructions, totalNs, byOp } = await profile(y);
    expect({ instructions, totalNs, byOp }).toEqual({ instructions: [], totalNs: 0, byOp: [] });
  });

  it('prints a table with a row per op', async () => {
    const lines = String((await compile(network).profile(x)).profile).split('\n');
    expect(lines[0]).toMatch(/^op +count +total +share +GFLOP\/s +GB\/s$/);
    expect(lines).toHaveLength(5);
    expect(lines[4]).toMatch(/^3 steps, .*54\.\d MFLOP/);
  });

  it('can be aborted', async () => {
    await expect(profile(network(x), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
