import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { compile } from '../../../lib/graph/compile';
import { evaluate } from '../../../lib/graph/evaluate';
import type { Profile } from '../../../lib/graph/cost/profile';
import type { Tensor } from '../../../lib/graph/tensor';
import { writeChromeTrace } from '../../../lib/io/chromeTrace';
import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../../lib/ops/elementwise/math';
import { matmul } from '../../../lib/ops/products/matmul';
import { normal } from '../../../lib/random/draw';
import { key } from '../../../lib/random/key';
import { temporaryFolder } from '../../io/temporaryFolder';
import { code } from '../../support/errors';

const x = normal(key(1), [300, 300]);
const network = (y: Tensor): Tensor => tanh(matmul(add(mul(y, y), 1), y));

const profiled = { profile: true } as const;
const profileOf = async (tree: unknown): Promise<Profile> => (await evaluate(tree, profiled)).profile;
const wrong = (value: unknown): never => value as never;
const folder = temporaryFolder();

describe('a run with profile: true', () => {
  it('times every instruction of a compiled call, in order and without overlap', async () => {
    const compiled = compile(network);
    const plain = await compiled(x);
    const { result, profile: measured } = await compiled.withOptions(profiled)(x);
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
    const { byOp, instructions, totalNs } = await profileOf(matmul(matmul(matmul(x, x), x), x));
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
    const tree = { y, note: 'kept' };
    const { result } = await evaluate(tree, profiled);
    expect(result).toBe(tree);
    expect(y.evaluated).toBe(true);
    expect(await y.data()).toEqual(await network(x).data());
  });

  it('is empty for what has been computed', async () => {
    const y = network(x);
    await y.data();
    const { instructions, totalNs, byOp } = await profileOf(y);
    expect({ instructions, totalNs, byOp }).toEqual({ instructions: [], totalNs: 0, byOp: [] });
  });

  it('prints a table with a row per op', async () => {
    const lines = String((await compile(network).withOptions(profiled)(x)).profile).split('\n');
    expect(lines[0]).toMatch(/^op +count +total +share +GFLOP\/s +GB\/s$/);
    expect(lines).toHaveLength(5);
    expect(lines[4]).toMatch(/^3 steps, .*54\.\d MFLOP/);
  });

  it('prints the same table and writes the same trace for a tree', async () => {
    const profile = await profileOf(network(x));
    const rows = String(profile).split('\n').slice(1, -1);
    expect(rows.map((row) => row.split(/ +/).slice(0, 2)).sort()).toEqual([
      ['matmul', '1'],
      ['mul+add', '1'],
      ['tanh', '1'],
    ]);
    const path = join(folder, 'trace.json');
    await writeChromeTrace(path, profile);
    const { traceEvents } = JSON.parse(await readFile(path, 'utf8')) as {
      traceEvents: { name: string; ph: string; ts: number; dur: number; args: { flops: number } }[];
    };
    expect(traceEvents).toHaveLength(3);
    profile.instructions.forEach(({ op, startNs, durationNs, flops }, i) => {
      expect(traceEvents[i]).toMatchObject({ name: op, ph: 'X', args: { flops } });
      expect(traceEvents[i]!.ts).toBe(startNs / 1000);
      expect(traceEvents[i]!.dur).toBe(durationNs / 1000);
    });
  });

  it('measures the call alone, not what its arguments wait for', async () => {
    const { profile } = await compile(tanh).withOptions(profiled)(matmul(x, x));
    expect(profile.instructions.map(({ op }) => op)).toEqual(['tanh']);
  });

  it('reports progress and can be aborted as any run', async () => {
    const signal = AbortSignal.abort();
    const aborted = { code: 'ERR_ABORTED' };
    const compiled = compile(network);
    await expect(evaluate(network(x), { signal, profile: true })).rejects.toMatchObject(aborted);
    await expect(compiled.withOptions({ signal, profile: true })(x)).rejects.toMatchObject(aborted);
    const onProgress = jest.fn();
    const long = compile((y: Tensor) => Array.from({ length: 600 }).reduce<Tensor>((z) => matmul(z, y), y));
    // Several times the tenth of a second between two reports, on any machine.
    await long.withOptions({ onProgress, profile: true })(x);
    expect(onProgress).toHaveBeenCalledWith({ done: expect.any(Number), total: 600 });
  });

  it('is not measured without it', async () => {
    const y = network(x);
    expect(await evaluate(y, { profile: false })).toBe(y);
    expect(await compile(network).withOptions({ profile: false })(x)).not.toHaveProperty('profile');
  });
});

describe('run options', () => {
  it.each([
    ['profile', 'yes', "profile must be true or false, got 'yes'"],
    ['profile', 1, 'profile must be true or false, got 1'],
    ['profile', null, 'profile must be true or false, got null'],
    ['signal', {}, 'signal must be an AbortSignal, got an object'],
    ['onProgress', true, 'onProgress must be a function, got true'],
    ['profil', true, "unknown option 'profil'; did you mean 'profile'?"],
  ])('%s: %p is refused', async (name, value, message) => {
    const options = wrong({ [name]: value });
    const y = network(x);
    await expect(evaluate(y, options)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: `evaluate: ${message}`,
    });
    expect(y.evaluated).toBe(false);
    const compiled = compile(network);
    expect(() => compiled.withOptions(options)).toThrow(code('ERR_OPTION'));
    expect(() => compiled.withOptions(options)).toThrow(`withOptions: ${message}`);
  });

  it('are an object', async () => {
    await expect(evaluate(x, wrong(null))).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(evaluate(x, wrong(true))).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });
});
