import '../../lib/graph/evaluate';
import { checkHalves } from './checks/halves';
import { dtypesOf, type Row } from './row';
import { table } from './table';

// Floats of 16 bits need nothing of an op: what they enter is widened, what comes out is rounded. Here every op shows it.

const isInFloats = (row: Row): boolean =>
  dtypesOf(row).includes('float32') &&
  (row.gives ?? ['float']).every((dtype) => dtype !== 'float32') &&
  row.cases.some((of) => of.inputs.some(({ dtype = 'float' }) => dtype === 'float'));

describe.each(table.filter(isInFloats).map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test.each(['bfloat16', 'float16'] as const)('in %s is what it is in float32, rounded', async (half) => {
    for (const of of row.cases) await checkHalves(row, of, half);
  });
});
