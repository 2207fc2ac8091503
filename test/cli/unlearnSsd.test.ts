import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadModel, saveModel } from '../../lib/models/folder';
import { mlp } from '../../lib/models/mlp';
import { Captured, run, type Ended } from './captured';

const CLASSES = 3;

/** Rows `f0,f1,label`: three separate clouds of points, `perClass` in each. */
function csv(perClass: number, classes = [0, 1, 2], scale = 1): string {
  const rows = classes.flatMap((label) =>
    Array.from({ length: perClass }, (_, i) => {
      const angle = (2 * Math.PI * label) / CLASSES + 0.3 * Math.sin(i);
      const value = (x: number): number => (scale === 1 ? x : Math.round((x + 1) * scale));
      return `${value(Math.cos(angle))},${value(Math.sin(angle))},${label}`;
    }),
  );
  return `f0,f1,label\n${rows.join('\n')}\n`;
}

describe('palimpsest unlearn ssd', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const ssd = (...args: string[]): Promise<Ended> =>
    run(['unlearn', 'ssd', '--model', at('model'), '--out', at('out'), ...args]);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'palimpsest cli '));
    writeFileSync(at('forget.csv'), csv(20, [1]));
    writeFileSync(at('full.csv'), csv(20));
    await saveModel(at('model'), mlp({ inputs: 2, hidden: [8], classes: CLASSES }, { seed: 3 }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('dampens, measures, records and saves; the ledger shows it and undoes it to the bit', async () => {
    const { code, stdout } = await ssd(
      '--forget',
      at('forget.csv'),
      '--full',
      at('full.csv'),
      '--alpha',
      '1.5',
      '--json',
    );
    expect(code).toBe(0);
    const told = JSON.parse(stdout) as Record<string, unknown>;
    expect(told).toMatchObject({ method: 'ssd', out: at('out'), options: { alpha: 1.5, lambda: 1 } });
    expect(told.selected).toBeGreaterThan(0);
    expect(Object.keys(told.before as object)).toEqual(['forgetAccuracy']);
    expect(readdirSync(at('out')).sort()).toEqual([
      'config.json',
      'ledger.json',
      'ledger.safetensors',
      'model.safetensors',
    ]);

    const shown = JSON.parse((await run(['ledger', 'show', at('out'), '--json'])).stdout) as {
      entries: object[];
    };
    expect(shown.entries).toMatchObject([{ id: 1, method: 'ssd', measurements: { before: told.before } }]);
    expect((await run(['ledger', 'show', at('out')])).stdout).toContain('The record is whole');

    const undone = await run(['ledger', 'undo', at('out'), '--json']);
    expect(JSON.parse(undone.stdout)).toMatchObject({ undone: 1, out: at('out') });
    const weights = (name: string): Buffer => readFileSync(join(at(name), 'model.safetensors'));
    expect(weights('out').equals(weights('model'))).toBe(true);
    expect((await run(['ledger', 'undo', at('out')])).stderr).toContain('nothing left to undo');
  });

  it('stores the importance of all data, and needs the data no more', async () => {
    const importance = join(at('model'), 'importance.safetensors');
    const stored = await ssd(
      '--forget',
      at('forget.csv'),
      '--full',
      at('full.csv'),
      '--save-importance',
      importance,
    );
    expect(stored.code).toBe(0);
    const first = readFileSync(join(at('out'), 'model.safetensors'));

    const beside = await ssd('--forget', at('forget.csv'), '--test', at('full.csv'));
    expect(beside).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/forget accuracy .*\ntest accuracy /),
    });
    expect(readFileSync(join(at('out'), 'model.safetensors')).equals(first)).toBe(true);

    const named = await ssd('--forget', at('forget.csv'), '--importance', importance, '--label-free');
    expect(named).toMatchObject({ code: 2, stderr: expect.stringContaining("labels 'true', not 'none'") });
  });

  it('works in place, and says when the importance is that of other weights', async () => {
    const importance = at('importance.safetensors');
    await ssd(
      '--forget',
      at('forget.csv'),
      '--full',
      at('full.csv'),
      '--save-importance',
      importance,
      '--alpha',
      '1.5',
    );
    const again = await run([
      ...['unlearn', 'ssd', '--model', at('out'), '--out', at('out'), '--forget', at('forget.csv')],
      ...['--importance', importance, '--alpha', '1.5'],
    ]);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('importance of other weights') });
    const { entries } = JSON.parse((await run(['ledger', 'show', at('out'), '--json'])).stdout) as {
      entries: { id: number }[];
    };
    expect(entries.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('warns when nothing was selected', async () => {
    const { code, stderr, stdout } = await ssd(
      '--forget',
      at('forget.csv'),
      '--full',
      at('full.csv'),
      '--alpha',
      '1e9',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('palimpsest: warning: ssd: no parameter was selected');
    expect(stdout).toContain('0 weights dampened');
  });

  it('reads pixels as what they are', async () => {
    writeFileSync(at('pixels.csv'), csv(20, [0, 1, 2], 100));
    const forget = ['--forget', at('pixels.csv'), '--full', at('pixels.csv'), '--alpha', '0.5'];
    expect(await ssd(...forget, '--pixels')).toMatchObject({ code: 0 });
    const fractions = ['--forget', at('forget.csv'), '--full', at('full.csv'), '--pixels'];
    expect(await ssd(...fractions)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('integers from 0 to 255 expected'),
    });
  });

  it.each([
    [['--forget', 'forget.csv'], '--full or --importance is needed'],
    [['--forget', 'a', 'b', 'c', '--full', 'full.csv'], 'got 3 files'],
    [['--forget', 'forget.csv', '--full', 'full.csv', '--importance', 'x'], 'got both'],
    [['--forget', 'forget.csv', '--importance', 'x', '--save-importance', 'y'], 'needs --full'],
    [['--forget', 'forget.csv', '--full', 'full.csv', '--label', 'lable'], "did you mean 'label'?"],
  ])('ends with 2 when called with %j, and writes nothing', async (args, reason) => {
    const paths = args.map((arg) => (arg.endsWith('.csv') ? at(arg) : arg));
    expect(await ssd(...paths)).toMatchObject({ code: 2, stderr: expect.stringContaining(reason) });
    expect(readdirSync(folder)).not.toContain('out');
  });

  it('refuses importances of another model', async () => {
    const other = at('other');
    await saveModel(other, mlp({ inputs: 2, hidden: [9], classes: CLASSES }));
    const importance = join(other, 'model.safetensors');
    const { code, stderr } = await ssd('--forget', at('forget.csv'), '--importance', importance);
    expect(code).toBe(2);
    expect(stderr).toContain("is that of another model: 'fc1.weight' does not fit");
  });

  it('leaves everything as it was when interrupted', async () => {
    const before = readdirSync(folder);
    const interruption = new AbortController();
    const stderr = new Captured();
    // The first word on the error output is that of the progress.
    jest.spyOn(stderr, 'write').mockImplementation(() => {
      interruption.abort();
      return true;
    });
    const data = ['--forget', at('forget.csv'), '--full', at('full.csv')];
    const args = ['unlearn', 'ssd', '--model', at('model'), '--out', at('model'), ...data];
    expect(await run(args, { stderr, signal: interruption.signal })).toMatchObject({ code: 130, stdout: '' });
    expect(readdirSync(folder)).toEqual(before);
    expect(readdirSync(at('model')).sort()).toEqual(['config.json', 'model.safetensors']);
    await loadModel(at('model'));
  });
});
