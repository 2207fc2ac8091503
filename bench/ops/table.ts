import type { Family } from './row';
import { attentions } from './table/attention';
import { convolutions } from './table/convolutions';
import { curvature } from './table/curvature';
import { elementwise } from './table/elementwise';
import { linalg } from './table/linalg';
import { fourier } from './table/fourier';
import { networks } from './table/networks';
import { products } from './table/products';
import { random } from './table/random';
import { shapes } from './table/shapes';
import { sorting } from './table/sorting';

/** Every kernel that computes something, at sizes that keep the machine busy: `table.test.ts` asserts it. */
export const table: readonly Family[] = [
  products,
  attentions,
  convolutions,
  curvature,
  elementwise,
  networks,
  fourier,
  shapes,
  sorting,
  random,
  linalg,
];

/** Kernels without a row, and why. */
export const exempt: ReadonlyMap<string, string> = new Map([
  ['benchFmaPeak', 'it is the limit that rows are measured against'],
  ['benchTriad', 'it is the limit that rows are measured against'],
  ['addProduct', 'bench/peers measures it beside PyTorch, in updates of rank 1 and 64'],
  ['scatterMin', 'its loop is that of scatterMax'],
  ['rowOrder', 'it moves one number a row of the matrices that `luFactor` takes apart'],
  ['splitKey', 'it makes a few words: its time is that of a round trip, which is measured by itself'],
  ['foldKey', 'it makes two words: its time is that of a round trip, which is measured by itself'],
]);
