import type { Row } from './row';
import { attentions } from './table/attention';
import { contractions } from './table/contractions';
import { convolutions } from './table/convolutions';
import { pooling } from './table/pooling';
import { binary } from './table/binary';
import { gatherSums } from './table/gatherSums';
import { fourier } from './table/fourier';
import { functions } from './table/functions';
import { indexing } from './table/indexing';
import { losses } from './table/losses';
import { linalg } from './table/linalg';
import { matrixFunctions } from './table/matrixFunctions';
import { optimal } from './table/optimal';
import { networks } from './table/networks';
import { norms } from './table/norms';
import { products } from './table/products';
import { randomNumbers } from './table/random';
import { rearranging } from './table/rearranging';
import { reductions } from './table/reductions';
import { rules } from './table/rules';
import { scattering } from './table/scattering';
import { scans } from './table/scans';
import { resampling } from './table/resampling';
import { shape } from './table/shape';
import { counting } from './table/counting';
import { sorting } from './table/sorting';
import { training } from './table/training';
import { unary } from './table/unary';

/** One row per op at least: `table.test.ts` asserts it. */
export const table: readonly Row[] = [
  ...unary,
  ...binary,
  ...functions,
  ...shape,
  ...fourier,
  ...resampling,
  ...rearranging,
  ...rules,
  ...indexing,
  ...scattering,
  ...gatherSums,
  ...reductions,
  ...scans,
  ...sorting,
  ...counting,
  ...products,
  ...contractions,
  ...attentions,
  ...convolutions,
  ...pooling,
  ...networks,
  ...norms,
  ...losses,
  ...training,
  ...randomNumbers,
  ...linalg,
  ...matrixFunctions,
  ...optimal,
];
