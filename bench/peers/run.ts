import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { compare } from './compare';
import type { Tools } from './duel';
import { readComparisons, record } from './files';
import type { Comparison } from './judge';
import { buildProduct } from './onednn/build';
import type { Row } from './row';
import { tableOf } from './show';
import { table } from './table';

const USAGE = `npm run bench:peers -- [--only name,name] [--missing] [--rounds N] [--quick] [--json] [--list] [--python path]

Times everything here beside PyTorch on this machine, in turns, and checks that both computed the same.
  --only name    rows that have one of these in their name
  --missing      rows that bench/peers.json does not have yet
  --rounds N     at least N turns each, but for peers that are known to take long
  --quick        three turns each at most, without the longest rows; writes nothing
  --json         only the rows, as JSON lines
  --list         the names of the rows
  --python path  a Python with PyTorch; default bench/peers/.venv/bin/python, or $PALIMPSEST_PYTHON
Every row goes into bench/peers.json as it is done, in place of an older one, and into bench/peers.svg and growth.svg.`;

const ADVICE = `Python with PyTorch expected, for the peers. Once:

  python3 -m venv bench/peers/.venv
  bench/peers/.venv/bin/pip install torch==2.13.0 numpy scikit-learn`;

function toolsFrom(given: string | undefined): Tools {
  const python = given ?? process.env.PALIMPSEST_PYTHON ?? resolve(__dirname, '.venv/bin/python');
  if (!existsSync(python)) throw new Error(`${ADVICE}\n\n(looked for ${python})`);
  return { python, onednn: buildProduct() };
}

interface Wish {
  readonly only: string;
  readonly missing: boolean;
  readonly quick: boolean;
}

function chosen({ only, missing, quick }: Wish): readonly Row[] {
  const parts = only.toLowerCase().split(',');
  const known = new Set(missing ? readComparisons().map(({ name }) => name) : []);
  const rows = table.filter(
    ({ name, slow }) =>
      parts.some((part) => name.toLowerCase().includes(part)) && !known.has(name) && !(quick && slow),
  );
  if (rows.length === 0 && !missing) throw new Error(`nothing has '${only}' in its name`);
  return rows;
}

const OPTIONS = {
  only: { type: 'string', default: '' },
  missing: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '0' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  python: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help || values.list) {
    console.log(values.help ? USAGE : table.map(({ name }) => name).join('\n'));
    return;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 0)
    throw new Error(`--rounds: a whole number expected, got ${values.rounds}`);
  const rows = chosen(values);
  const tools = toolsFrom(values.python);
  const order = table.map(({ name }) => name);
  const found: Comparison[] = [];
  for (const row of rows) {
    const obstacle = row.impossible?.();
    if (obstacle !== undefined) {
      console.error(`${row.name}: left out, ${obstacle}`);
      continue;
    }
    try {
      const comparison = await compare(row, tools, { quick: values.quick, rounds });
      if (!values.quick) record(comparison, order);
      found.push(comparison);
      const heading = found.length === 1;
      console.log(values.json ? JSON.stringify(comparison) : tableOf([comparison], { heading }));
    } catch (error) {
      process.exitCode = 1;
      console.error(`${row.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (values.json) return;
  const reached = found.filter(({ missed }) => missed.length === 0).length;
  console.log(`\n${reached} of ${rows.length} rows reach their target`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
