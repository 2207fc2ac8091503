import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');

test('the first program of the README runs and forgets', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const program = /```ts\n([^]*?)```/.exec(readme)?.[1];
  expect(program?.trim().split('\n').length).toBeLessThanOrEqual(17);

  // The compiled package under its own name, as a user's program sees it.
  const folder = mkdtempSync(join(tmpdir(), 'palimpsest-readme-'));
  try {
    const file = join(folder, 'program.mts');
    const own = (name: string): string => JSON.stringify(join(root, 'dist', name));
    writeFileSync(
      file,
      program!
        .replace("'palimpsest/unlearn'", own('unlearn/index.js'))
        .replace("'palimpsest'", own('index.js')),
    );
    const tsx = join(root, 'node_modules', '.bin', 'tsx');
    const output = execFileSync(tsx, [file], { cwd: root, encoding: 'utf8' });
    const [before, after] = [...output.matchAll(/fives recognised: ([\d.]+) %/g)].map((match) =>
      Number(match[1]),
    );
    expect(before).toBeGreaterThan(90);
    expect(after).toBeLessThan(10);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
