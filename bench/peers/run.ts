import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { compare, type Comparison } from './compare';
import type { Tools } from './duel';
import { isReached, plotOf, tableOf } from './show';
import { table } from './table';

const USAGE = `npm run bench:peers -- [--only name] [--quick] [--json] [--python path]

Times everything here beside PyTorch on this machine, in turns, and checks that both computed the same.
  --only name    rows that have this in their name
  --quick        three runs each, without the longest rows
  --json         only the rows, as JSON lines
  --python path  a Python with PyTorch; default bench/peers/.venv/bin/python, or $PALIMPSEST_PYTHON
Writes bench/peers.json and bench/peers.svg unless --only or --quick leaves rows out.`;

const ADVICE = `Python with PyTorch expected, for the peers. Once:

  python3 -m venv bench/peers/.venv
  bench/peers/.venv/bin/pip install torch==2.13.0 numpy scikit-learn`;

const OUT = resolve(__dirname, '..');

function toolsFrom(given: string | undefined): Tools {
  const python = given ?? process.env.PALIMPSEST_PYTHON ?? resolve(__dirname, '.venv/bin/python');
  if (!existsSync(python)) throw new Error(`${ADVICE}\n\n(looked for ${python})`);
  const onednn = resolve(__dirname, 'onednn/product');
  return existsSync(onednn) ? { python, onednn } : { python };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      python: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const tools = toolsFrom(values.python);
  const named = table.filter(({ name }) => name.toLowerCase().includes(values.only.toLowerCase()));
  const rows = named.filter(({ slow }) => !(values.quick && slow));
  if (rows.length === 0) throw new Error(`nothing has '${values.only}' in its name`);
  const found: Comparison[] = [];
  const failures: string[] = [];
  for (const row of rows) {
    try {
      const comparison = await compare(row, tools, { quick: values.quick });
      found.push(comparison);
      console.log(
        values.json ? JSON.stringify(comparison) : tableOf([comparison], { heading: found.length === 1 }),
      );
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      console.error(`${row.name}: ${failures.at(-1)}`);
    }
  }
  if (!values.json)
    console.log(`\n${found.filter(isReached).length} of ${rows.length} rows reach their target`);
  if (rows.length === table.length && failures.length === 0) {
    writeFileSync(resolve(OUT, 'peers.json'), `${JSON.stringify(found, null, 2)}\n`);
    writeFileSync(resolve(OUT, 'peers.svg'), plotOf(found));
  }
  if (failures.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
