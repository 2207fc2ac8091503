import { argmax, argmin } from '../../../lib/ops/reduce/argmax';
import { gelu } from '../../../lib/ops/elementwise/activations';
import { add, div, mul, pow } from '../../../lib/ops/elementwise/arithmetic';
import { erf, exp, relu, sin, tanh } from '../../../lib/ops/elementwise/math';
import { max, min } from '../../../lib/ops/reduce/reduce';
import { prod } from '../../../lib/ops/reduce/prod';
import { cummax, cummin, type CumulativeExtremes } from '../../../lib/ops/scan/cummax';
import { cumprod } from '../../../lib/ops/scan/cumprod';
import { cumsum } from '../../../lib/ops/scan/cumsum';
import { linearScan } from '../../../lib/ops/scan/linearScan';
import { logCumSumExp } from '../../../lib/ops/scan/logCumSumExp';
import { broadcastTo, sum } from '../../../lib/ops/reduce/sum';
import type { Tensor } from '../../../lib/graph/tensor';
import { floats, squares, type Family, type Row } from '../row';

/** 32 MiB: more than the caches hold. */
const [ROWS, COLUMNS] = [4096, 2048] as const;
const MATRIX = floats(ROWS, COLUMNS);

const SQUARES = squares(ROWS, COLUMNS);

const extremes = ({ values, indices }: CumulativeExtremes): readonly Tensor[] => [values, indices];

const unary = (kernel: string, detail: string, run: (x: Tensor) => Tensor | readonly Tensor[]): Row => ({
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
    unary('fused', 'sin', sin),
    unary('fused', 'gelu', (x) => gelu(x)),
    { kernel: 'fused', detail: 'a power', inputs: [SQUARES, MATRIX], run: ([x, y]) => pow(x, y) },
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
    unary('prod', 'of rows', (x) => prod(x, { axis: 1 })),
    unary('argmax', 'of rows', (x) => argmax(x)),
    unary('argmin', 'of columns', (x) => argmin(x, { axis: 0 })),
    unary('cumsum', 'along rows', (x) => cumsum(x)),
    unary('cumsum', 'down columns', (x) => cumsum(x, { axis: 0 })),
    unary('cumprod', 'along rows', (x) => cumprod(x)),
    unary('cummax', 'along rows', (x) => extremes(cummax(x))),
    unary('cummin', 'along rows', (x) => extremes(cummin(x))),
    unary('logCumSumExp', 'along rows', (x) => logCumSumExp(x)),
    {
      kernel: 'linearScan',
      detail: 'along rows',
      inputs: [MATRIX, MATRIX],
      run: ([a, b]) => linearScan(a, b),
    },
    {
      kernel: 'broadcast',
      detail: 'a column',
      inputs: [floats(ROWS, 1)],
      run: ([x]) => broadcastTo(x, [ROWS, COLUMNS]),
    },
  ],
};
