import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { runInThisContext } from 'node:vm';

import { transformSync } from '@swc/core';
import { MODULES, ROOT, type Snippet } from './snippets';

/** Runs the program in a folder of its own, which holds the tiny checkpoints of the tests as `golden`, the packages and nothing else, as the body of an asynchronous function; returns what it printed. */
export async function run({ program }: Snippet): Promise<string> {
  const body = program.replace(
    /^import (\{[^}]*\}|\* as \w+|\w+) from '([^']+)';$/gm,
    (_, names: string, from: string) =>
      `const ${names
        .replace(/^\* as /, '')
        .replace(/\btype \w+,?/g, '')
        .replace(/ as /g, ': ')} = load('${from}');`,
  );
  // The types of swc do not know the parser's switch for `using` yet.
  const parser = { syntax: 'typescript', explicitResourceManagement: true } as const;
  const { code } = transformSync(`(async function snippet(load, console) {\n${body}\n})`, {
    jsc: { target: 'es2022', parser },
    isModule: false,
  });
  const printed: string[] = [];
  const log = (...values: unknown[]): void => void printed.push(format(...values));
  const load = (from: string): unknown => require(MODULES[from] ?? from);
  const snippet = runInThisContext(code) as (
    load: (from: string) => unknown,
    console: unknown,
  ) => Promise<void>;
  const home = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'palimpsest-guide-'));
  symlinkSync(join(ROOT, 'test/golden'), join(folder, 'golden'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  process.chdir(folder);
  try {
    await snippet(load, { log });
  } finally {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  }
  return printed.join('\n').trimEnd();
}
