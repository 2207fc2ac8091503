import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { runInThisContext } from 'node:vm';

import { transformSync } from '@swc/core';
import { MODULES, nameOf, pages, snippetsOf, type Snippet } from './snippets';
import { typeErrors } from './typeErrors';

const all = pages().flatMap(snippetsOf);

/** Runs the program as the body of an asynchronous function; returns what it printed. */
async function run({ program }: Snippet): Promise<string> {
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
  await snippet(load, { log });
  return printed.join('\n').trimEnd();
}

describe('the programs of the guide', () => {
  const home = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'palimpsest-guide-'));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(all.map((snippet) => [nameOf(snippet), snippet] as const))('%s', async (_name, snippet) => {
    const printed = await run(snippet);
    if (snippet.output !== undefined) expect(printed).toBe(snippet.output);
  });

  test('every page has one, and they are well typed', () => {
    expect(pages().filter((page) => snippetsOf(page).length === 0)).toEqual([]);
    expect(typeErrors(all)).toEqual([]);
  }, 60_000);
});
