import { readFileSync, writeFileSync } from 'node:fs';

import { run } from './run';
import { filled, nameOf, pages, pathOf, snippetsOf } from './snippets';

// Runs the programs of guide pages (all, or those named) and writes what they print into the ```text blocks after them:
// an empty block is enough to ask for it.

async function fill(page: string): Promise<void> {
  const outputs: (string | undefined)[] = [];
  for (const snippet of snippetsOf(page)) {
    const printed = await run(snippet);
    if (snippet.output !== undefined && snippet.output !== printed) {
      process.stdout.write(`${nameOf(snippet)}\n${printed}\n\n`);
    }
    outputs.push(printed);
  }
  writeFileSync(pathOf(page), filled(readFileSync(pathOf(page), 'utf8'), outputs));
}

async function main(names: readonly string[]): Promise<void> {
  for (const page of names.length > 0 ? names : pages()) await fill(page);
}

void main(process.argv.slice(2));
