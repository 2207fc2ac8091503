import { concat } from '../../../lib/ops/shape/concat';
import { pad } from '../../../lib/ops/shape/pad';
import { roll } from '../../../lib/ops/shape/roll';
import { slice } from '../../../lib/ops/shape/slice';
import { flatIndex } from '../../../lib/ops/indexing/flatIndex';
import { scatterSet } from '../../../lib/ops/indexing/put';
import { scatterMax } from '../../../lib/ops/indexing/scatterExtreme';
import { take, takeGrad } from '../../../lib/ops/indexing/take';
import { takeAlong, takeAlongGrad } from '../../../lib/ops/indexing/takeAlong';
import { transpose } from '../../../lib/ops/shape/transpose';
import { applied, floats, indices, type Family } from '../row';

const [ROWS, COLUMNS] = [4096, 2048] as const;
const matrix = floats(ROWS, COLUMNS);
const rowIndices = indices(ROWS, ROWS);
const cellIndices = indices(COLUMNS, ROWS, COLUMNS);
/** All but the first and the last column. */
const inner = { starts: [0, 1], steps: [1, 1], part: [ROWS, COLUMNS - 2], whole: [ROWS, COLUMNS] };

/** Kernels that move numbers from place to place. */
export const shapes: Family = {
  name: 'shapes',
  about: 'moving 32 MiB about; what counts is every input read and every output written once',
  rows: [
    {
      kernel: 'transpose',
      detail: 'of a matrix',
      inputs: [matrix],
      run: ([x]) => transpose(x),
    },
    {
      kernel: 'transpose',
      detail: 'of heads',
      inputs: [floats(8, 512, 16, 128)],
      run: ([x]) => transpose(x, [0, 2, 1, 3]),
    },
    {
      kernel: 'concat',
      detail: 'side by side',
      inputs: [floats(ROWS, COLUMNS / 2), floats(ROWS, COLUMNS / 2)],
      run: ([x, y]) => concat([x, y], { axis: 1 }),
    },
    {
      kernel: 'slice',
      detail: 'inner columns',
      inputs: [matrix],
      run: ([x]) => slice(x, { starts: [0, 1], stops: [ROWS, COLUMNS - 1] }),
    },
    {
      kernel: 'sliceGrad',
      detail: 'inner columns',
      inputs: [floats(ROWS, COLUMNS - 2)],
      run: (inputs) => applied('sliceGrad', inputs, inner),
    },
    {
      kernel: 'pad',
      detail: 'one all round',
      inputs: [matrix],
      run: ([x]) => pad(x, Array<readonly [number, number]>(2).fill([1, 1])),
    },
    {
      kernel: 'put',
      detail: 'rows',
      inputs: [matrix, indices(ROWS, ROWS, 1), floats(ROWS, COLUMNS)],
      run: ([x, picks, values]) => scatterSet(x, picks, values, { axis: 0 }),
    },
    {
      kernel: 'scatterMax',
      detail: 'rows',
      inputs: [matrix, indices(ROWS, ROWS, 1), floats(ROWS, COLUMNS)],
      run: ([x, picks, values]) => scatterMax(x, picks, values, { axis: 0 }),
    },
    {
      kernel: 'flatIndex',
      detail: 'of two coordinates',
      inputs: [indices(COLUMNS, ROWS * COLUMNS, 2)],
      run: ([picks]) => flatIndex('bench', picks, [COLUMNS, COLUMNS]),
    },
    {
      kernel: 'nonzero',
      detail: 'everywhere',
      inputs: [matrix],
      run: (inputs) => applied('nonzero', inputs, { count: ROWS * COLUMNS }),
    },
    { kernel: 'roll', detail: 'rows', inputs: [matrix], run: ([x]) => roll(x, 100, { axis: 0 }) },
    { kernel: 'take', detail: 'rows', inputs: [matrix, rowIndices], run: ([x, picks]) => take(x, picks) },
    {
      kernel: 'takeGrad',
      detail: 'rows',
      inputs: [matrix, rowIndices],
      run: ([g, picks]) => takeGrad(g, picks, ROWS),
    },
    {
      kernel: 'takeAlong',
      detail: 'in rows',
      inputs: [matrix, cellIndices],
      run: ([x, picks]) => takeAlong(x, picks),
    },
    {
      kernel: 'takeAlongGrad',
      detail: 'in rows',
      inputs: [matrix, cellIndices],
      run: ([g, picks]) => takeAlongGrad(g, picks, COLUMNS),
    },
  ],
};
