import { bincount } from '../../../lib/ops/sort/counting';
import { searchSorted } from '../../../lib/ops/sort/searchSorted';
import { argsort, sort } from '../../../lib/ops/sort/sort';
import { floats, indices, applied, type Family } from '../row';

const [ROWS, COLUMNS] = [4096, 2048] as const;
const MATRIX = floats(ROWS, COLUMNS);
const LINE = floats(ROWS * COLUMNS);

/** Orders and counts. */
export const sorting: Family = {
  name: 'sorting',
  about:
    'eight million numbers in rows and in one line; what counts is every input read and every output written once',
  rows: [
    { kernel: 'sort', detail: 'of rows', inputs: [MATRIX], run: ([x]) => sort(x) },
    { kernel: 'sort', detail: 'of one line', inputs: [LINE], run: ([x]) => sort(x) },
    { kernel: 'argsort', detail: 'of rows', inputs: [MATRIX], run: ([x]) => argsort(x) },
    { kernel: 'argsort', detail: 'of one line', inputs: [LINE], run: ([x]) => argsort(x) },
    {
      kernel: 'topk',
      detail: '50 of each row',
      inputs: [MATRIX],
      run: ([x]) => applied('topk', [x], { k: 50, largest: true }),
    },
    {
      kernel: 'topk',
      detail: '50 of one line',
      inputs: [LINE],
      run: ([x]) => applied('topk', [x], { k: 50, largest: true }),
    },
    {
      kernel: 'searchSorted',
      detail: 'among 1000',
      inputs: [floats(1000), LINE],
      run: ([line, x]) => searchSorted(line, x),
    },
    {
      kernel: 'bincount',
      detail: 'of 1000',
      inputs: [indices(1000, ROWS * COLUMNS)],
      run: ([x]) => bincount(x, { length: 1000 }),
    },
  ],
};
