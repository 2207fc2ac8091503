import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as linalg from '../../lib/linalg';
import * as ops from '../../lib/ops';
import * as optim from '../../lib/optim';
import * as palimpsest from '../../lib/index';
import * as random from '../../lib/random';
import * as transforms from '../../lib/transforms';

const page = readFileSync(join(__dirname, '../../docs/guide/migration.md'), 'utf8');

/** The names in the columns that speak of this package: the fourth of five, the second of two. */
const named = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .flatMap((line) => {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    return [...(cells[cells.length === 5 ? 3 : 1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  });

test('every name of ours on the page is exported, or is a method of a tensor', () => {
  const isThere = (name: string): boolean =>
    name.endsWith('()') ? name.slice(0, -2) in palimpsest.Tensor.prototype : name in palimpsest;
  expect(named.filter((name) => !isThere(name))).toEqual([]);
});

test.each(Object.entries({ ops, linalg, transforms, random, optim }))(
  'every function of %s is on the page',
  (_area, area) => {
    const onPage = new Set(named);
    const functions = Object.entries(area).flatMap(([name, value]) =>
      /^[a-z]/.test(name) && typeof value === 'function' ? [name] : [],
    );
    expect(functions.filter((name) => !onPage.has(name) && !EXCEPTIONS.has(name))).toEqual([]);
  },
);

/** Called by other names outside: a preset of an option, a check. */
const EXCEPTIONS: ReadonlySet<string> = new Set(['crossEntropyLoss']);
