import '../../lib/graph/evaluate';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ops } from '../../lib/graph/op';
import { nodesInOrder } from '../../lib/graph/lowering/walk';
import { coveredBy, dtypesOf, inputsOf, outputsOf, type Row } from './row';
import { announce } from '../support/numbers';
import { table } from './table';

const LIBRARY = join(__dirname, '../../lib');

/** Loads every file that may define ops. */
async function loadOps(): Promise<void> {
  for (const folder of ['ops', 'random', 'linalg', 'curvature', 'nn', 'optim']) {
    for (const file of filesBelow(join(LIBRARY, folder))) await import(file);
  }
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The ops that a row really uses, in any of its cases. */
function opsOf(row: Row): Set<string> {
  const names = row.cases.flatMap((of) =>
    dtypesOf(row).flatMap((float) =>
      nodesInOrder(outputsOf(row, inputsOf(of, float), of.options)).map((node) => node.op.name),
    ),
  );
  return new Set(names);
}

test('every op there is has a row', async () => {
  await loadOps();
  const covered = new Set(table.flatMap(coveredBy));
  const missing = [...ops.keys()].filter((name) => !covered.has(name));
  announce('R1', `${missing.length} of ${ops.size} ops without a row`);
  expect(missing).toEqual([]);
});

test('no two rows have one name', () => {
  expect(new Set(table.map((row) => row.name)).size).toBe(table.length);
});

describe.each(table.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test('uses the ops that it covers', () => {
    const used = opsOf(row);
    expect(coveredBy(row).filter((name) => !used.has(name))).toEqual([]);
  });

  test('has a case without elements and one of size 1, or says why not', () => {
    const sizes = row.cases.map((of) => {
      const inputs = inputsOf(of, dtypesOf(row)[0]!);
      // Keys and settings have their own numbers of elements.
      const free = inputs.filter((_, i) => !(of.inputs[i]!.values && of.inputs[i]!.dtype));
      return (free.length > 0 ? free : outputsOf(row, inputs, of.options)).map((x) => x.size);
    });
    if (row.without?.empty === undefined) expect(sizes.some((list) => list.includes(0))).toBe(true);
    if (row.without?.size1 === undefined) expect(sizes.some((list) => list.every((n) => n === 1))).toBe(true);
  });
});
