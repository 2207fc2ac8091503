import type { Row } from './row';
import { binary } from './table/binary';
import { indexing } from './table/indexing';
import { networks } from './table/networks';
import { products } from './table/products';
import { randomNumbers } from './table/random';
import { reductions } from './table/reductions';
import { shape } from './table/shape';
import { training } from './table/training';
import { unary } from './table/unary';
import { windows } from './table/window';

/** One row per op at least: `table.test.ts` asserts it. */
export const table: readonly Row[] = [
  ...unary,
  ...binary,
  ...shape,
  ...indexing,
  ...reductions,
  ...products,
  ...windows,
  ...networks,
  ...training,
  ...randomNumbers,
];
