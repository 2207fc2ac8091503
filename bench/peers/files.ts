import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Comparison } from './judge';
import { growthPlotOf, ratioPlotOf } from './plot';

const FOLDER = resolve(__dirname, '..');
const FILE = resolve(FOLDER, 'peers.json');

export const readComparisons = (): readonly Comparison[] =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Comparison[]) : [];

/** A row in place of an older one of its name, in the table's order; rows that the table has no more are dropped. */
export function merged(
  known: readonly Comparison[],
  fresh: readonly Comparison[],
  order: readonly string[],
): Comparison[] {
  const byName = new Map([...known, ...fresh].map((row) => [row.name, row]));
  return order.flatMap((name) => byName.get(name) ?? []);
}

/** Adds a row to peers.json and draws the pictures anew: after every row, so that a run may be cut short. */
export function record(fresh: Comparison, order: readonly string[]): void {
  const rows = merged(readComparisons(), [fresh], order);
  writeFileSync(FILE, `${JSON.stringify(rows, null, 2)}\n`);
  writeFileSync(resolve(FOLDER, 'peers.svg'), ratioPlotOf(rows));
  const growth = growthPlotOf(rows);
  if (growth !== '') writeFileSync(resolve(FOLDER, 'growth.svg'), growth);
}
