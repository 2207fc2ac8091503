import type { Row } from '../row';
import { derivatives } from './derivatives';
import { edits } from './edits';
import { growth } from './growth';
import { decompositions, kronecker } from './kronecker';
import { layers } from './layers';
import { overheads } from './overheads';
import { products } from './products';
import { statistics } from './statistics';
import { sweeps } from './sweeps';

/** Everything that is compared, in the order of peers.json. */
export const table: readonly Row[] = [
  ...products,
  ...derivatives,
  ...statistics,
  ...sweeps,
  ...edits,
  ...kronecker,
  ...decompositions,
  ...layers,
  ...overheads,
  ...growth,
];
