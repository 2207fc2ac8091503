import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { unlearningMethods } from '../../lib/unlearn/registry';
import { Captured, run } from './captured';

const described = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

describe('palimpsest', () => {
  it('says its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${described.version}\n`, stderr: '' });
  });

  it('explains itself and its exit codes', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const word of ['demo', 'unlearn', 'ledger', 'methods', '130  interrupted'])
      expect(stdout).toContain(word);
  });

  it.each([
    [[], 'Usage:'],
    [['ledger'], 'Usage:'],
    [['forget'], "unknown command 'forget'"],
    [['demos'], '(Did you mean demo?)'],
    [['demo', '--sead', '1'], '(Did you mean --seed?)'],
    [['demo', '--seed', '1.5'], 'An integer of at least 0 is expected.'],
    [['demo', '--digit', '10'], 'An integer from 0 to 9 is expected.'],
    [['demo', 'now'], 'too many arguments'],
    [['unlearn', 'ssd'], "required option '--model <folder>' not specified"],
    [['unlearn', 'ssd', '--alpha', '0'], 'A positive number is expected.'],
    [['unlearn', 'ssd', '--lambda', 'Infinity'], 'A positive number is expected.'],
    [['unlearn', 'ssd', '--fisher', 'exact'], 'Allowed choices are example, batch.'],
    [['ledger', 'undo', 'x', '--entry', '0'], 'An integer of at least 1 is expected.'],
  ])('ends with 2 when called as %j', async (args, reason) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toContain(reason);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('ends with 1 and the reason when something fails', async () => {
    const { code, stdout, stderr } = await run(['ledger', 'show', '/does/not/exist']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^palimpsest: cannot read '.*config.json': ENOENT/);
  });

  it('gives reasons to programs as JSON', async () => {
    const { code, stderr } = await run(['ledger', 'show', '/does/not/exist', '--json']);
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
    expect({ code, reason: error.code }).toEqual({ code: 1, reason: 'ERR_IO' });
  });

  it('ends with 130 when interrupted', async () => {
    const { code, stderr } = await run(['ledger', 'show', '.'], { signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(stderr).toContain('aborted');
  });
});

describe('palimpsest methods', () => {
  it('lists every method with what there is to know', async () => {
    const { code, stdout } = await run(['methods']);
    expect(code).toBe(0);
    for (const { name, title, paper, intention, needs, measured } of unlearningMethods) {
      const line = stdout.split('\n').find((candidate) => candidate.startsWith(`${name} `));
      for (const word of [title, paper, intention, needs.join(', '), measured ?? ''])
        expect(line).toContain(word);
    }
  });

  it('keeps to the width of a terminal', async () => {
    const stdout = new Captured(true, 100);
    await run(['methods'], { stdout, environment: { NO_COLOR: '1' } });
    const lines = stdout.text.split('\n');
    expect(lines.length).toBeGreaterThan(unlearningMethods.length + 2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('is the registry as JSON', async () => {
    const { stdout } = await run(['methods', '--json']);
    expect(JSON.parse(stdout)).toEqual({ methods: unlearningMethods });
  });
});
