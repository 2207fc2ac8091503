import { table } from '../ops/table';
import type { Vocabulary } from './generate';

/**
 * Rows that have no one answer, or no derivative, for matrices of repeated or dependent rows, which graphs are full of: vectors
 * of repeated singular values, the best of several that are equally good. They get the inputs of their own rows.
 */
const particular: ReadonlySet<string> = new Set([
  'svd',
  'svdvals',
  'eigh',
  'eigvalsh',
  'qr',
  'assignment',
  'elasticNet',
  'slogdet',
  'pinv',
  'pinv of symmetric matrices',
]);

/** Matrices of graphs are often singular: their determinants can be differentiated once, and the cofactors not again. */
const orders: Readonly<Record<string, 0 | 1>> = { det: 1, cofactors: 0 };

/** The op table: what a row says of an op is all that a graph needs to know. */
export const vocabulary: Vocabulary = {
  rows: table.map((row) => ({ ...row, orders: orders[row.name] ?? row.orders ?? 2 })),
  particular,
};
