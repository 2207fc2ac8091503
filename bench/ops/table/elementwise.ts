import { argmax } from '../../../lib/ops/reduce/argmax';
import { add, div, mul } from '../../../lib/ops/elementwise/arithmetic';
import { erf, exp, relu, tanh } from '../../../lib/ops/elementwise/math';
import { max, min } from '../../../lib/ops/reduce/reduce';
import { broadcastTo, sum } from '../../../lib/ops/reduce/sum';
import type { Tensor } from '../../../lib/graph/tensor';
import { floats, type Family, type Row } from '../row';

/** 32 MiB: more than the caches hold. */
const [ROWS, COLUMNS] = [4096, 2048] as const;
const MATRIX = floats(ROWS, COLUMNS);

const unary = (kernel: string, detail: string, run: (x: Tensor) => Tensor): Row => ({
  kernel,
  detail,
  inputs: [MATRIX],
  run: ([x]) => run(x),
});

/** Chains of elementwise operations, reductions and repetitions of matrices that no cache holds. */
export const elementwise: Family = {
  name: 'elementwise',
  about:
    'fused chains and reductions of 4096x2048 matrices; what counts is every input read and every output written once',
  rows: [
    { kernel: 'fused', detail: 'x + y', inputs: [MATRIX, MATRIX], run: ([x, y]) => add(x, y) },
    unary('fused', 'exp', exp),
    unary('fused', 'tanh', tanh),
    unary('fused', 'gelu, five operations', (x) => mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1))),
    {
      kernel: 'fused',
      detail: 'relu(x w + b), rows w and b',
      inputs: [MATRIX, floats(COLUMNS), floats(COLUMNS)],
      run: ([x, w, b]) => relu(add(mul(x, w), b)),
    },
    unary('sum', 'of all', (x) => sum(x)),
    unary('sum', 'of rows', (x) => sum(x, { axis: 1 })),
    unary('sum', 'of columns', (x) => sum(x, { axis: 0 })),
    unary('max', 'of rows', (x) => max(x, { axis: 1 })),
    unary('min', 'of columns', (x) => min(x, { axis: 0 })),
    unary('argmax', 'of rows', (x) => argmax(x)),
    {
      kernel: 'broadcast',
      detail: 'a column',
      inputs: [floats(ROWS, 1)],
      run: ([x]) => broadcastTo(x, [ROWS, COLUMNS]),
    },
  ],
};
