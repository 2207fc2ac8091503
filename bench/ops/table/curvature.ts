import { conv2dWeightGrad } from '../../../lib/ops/networks/conv2d';
import { dampen } from '../../../lib/ops/curvature/dampen';
import { matmul } from '../../../lib/ops/products/matmul';
import { adamStep, sgdStep } from '../../../lib/ops/training/optimizerStep';
import { gatherNorms, gatherSquareSum } from '../../../lib/ops/curvature/gatherSums';
import { productNorms, productNormsConvolution } from '../../../lib/ops/curvature/productNorms';
import { squareSum, squareSumConvolution } from '../../../lib/ops/curvature/squareSum';
import { transpose } from '../../../lib/ops/shape/transpose';
import { floats, indices, multiplyAdds, settings, squares, type Family, type Row } from '../row';

// One layer of 768 inputs and 3072 outputs; 2048 positions, divided among ever fewer examples.
const [POSITIONS, INPUTS, OUTPUTS] = [2048, 768, 3072] as const;
const VOCABULARY = 50257;
const WINDOW = { kernel: 3, padding: 1 } as const;
const PARAMETER = [4096, 2048] as const;

/** What the statistics below must be measured by: the plain gradient of the same layer. */
const PLAIN = 'matmul weight gradient, 2048 rows';

const squareSumRow = (steps: number): Row => ({
  kernel: 'squareSum',
  detail: `T=${steps}`,
  inputs: [floats(POSITIONS / steps, steps, INPUTS), floats(POSITIONS / steps, steps, OUTPUTS)],
  run: ([left, right]) => squareSum(left, right),
  flops: multiplyAdds(POSITIONS, INPUTS, OUTPUTS),
  against: PLAIN,
});

/** Per-example statistics and the passes over parameters. */
export const curvature: Family = {
  name: 'curvature',
  about:
    'squareSum and productNorms count what their cheapest exact form multiplies and adds; the ratio of squareSum is to ' +
    'one plain gradient of the same layer and positions, which has as many multiply-adds',
  rows: [
    {
      kernel: 'matmul',
      detail: 'weight gradient, 2048 rows',
      inputs: [floats(POSITIONS, INPUTS), floats(POSITIONS, OUTPUTS)],
      run: ([x, g]) => matmul(transpose(x), g),
      flops: multiplyAdds(POSITIONS, INPUTS, OUTPUTS),
    },
    ...[1, 8, 32, 128].map(squareSumRow),
    {
      kernel: 'conv2dWeightGrad',
      detail: 'of the same layer',
      inputs: [floats(64, 32, 28, 28), floats(64, 64, 28, 28)],
      run: ([x, g]) => conv2dWeightGrad(x, g, WINDOW),
      flops: multiplyAdds(64, 64, 28 * 28, 32 * 9),
    },
    {
      kernel: 'squareSumConv',
      detail: '64x32 to 64 channels',
      inputs: [floats(64, 32, 28, 28), floats(64, 64, 28, 28)],
      run: ([x, g]) => squareSumConvolution(x, g, WINDOW),
      flops: multiplyAdds(64, 64, 28 * 28, 32 * 9),
      against: 'conv2dWeightGrad of the same layer',
    },
    {
      kernel: 'gatherSquareSum',
      detail: 'of 50257 rows, T=128',
      inputs: [indices(VOCABULARY, 16, 128), floats(16, 128, INPUTS)],
      run: ([tokens, g]) => gatherSquareSum(tokens, g, VOCABULARY),
    },
    {
      kernel: 'gatherNorms',
      detail: 'of 50257 rows, T=128',
      inputs: [indices(VOCABULARY, 16, 128), floats(16, 128, INPUTS)],
      run: ([tokens, g]) => gatherNorms(tokens, g, VOCABULARY),
    },
    {
      kernel: 'productNorms',
      detail: 'Gram form, T=8',
      inputs: [floats(POSITIONS / 8, 8, INPUTS), floats(POSITIONS / 8, 8, OUTPUTS)],
      run: ([left, right]) => productNorms(left, right),
      flops: multiplyAdds(POSITIONS / 8, 8, 8, INPUTS + OUTPUTS),
    },
    {
      kernel: 'productNorms',
      detail: 'Gram form, T=128',
      inputs: [floats(POSITIONS / 128, 128, INPUTS), floats(POSITIONS / 128, 128, OUTPUTS)],
      run: ([left, right]) => productNorms(left, right),
      flops: multiplyAdds(POSITIONS / 128, 128, 128, INPUTS + OUTPUTS),
    },
    {
      kernel: 'productNorms',
      detail: 'product form, T=512',
      inputs: [floats(128, 512, 64), floats(128, 512, 64)],
      run: ([left, right]) => productNorms(left, right),
      flops: multiplyAdds(128, 512, 64, 64),
    },
    {
      kernel: 'productNormsConv',
      detail: '64x32 to 64 channels',
      inputs: [floats(64, 32, 28, 28), floats(64, 64, 28, 28)],
      run: ([x, g]) => productNormsConvolution(x, g, WINDOW),
      flops: multiplyAdds(64, 64, 28 * 28, 32 * 9),
      against: 'conv2dWeightGrad of the same layer',
    },
    {
      kernel: 'dampen',
      detail: '8M parameters',
      inputs: [floats(...PARAMETER), squares(...PARAMETER), squares(...PARAMETER), settings(1.5, 1)],
      run: ([theta, forget, whole, alphaLambda]) => Object.values(dampen(theta, forget, whole, alphaLambda)),
    },
    {
      kernel: 'sgdStep',
      detail: '8M parameters',
      inputs: [floats(...PARAMETER), floats(...PARAMETER), floats(...PARAMETER), settings(0.1, 0.9, 1e-4, 1)],
      run: ([theta, g, velocity, hyper]) => Object.values(sgdStep(theta, g, velocity, hyper)),
    },
    {
      kernel: 'adamStep',
      detail: '8M parameters',
      inputs: [
        ...[floats(...PARAMETER), floats(...PARAMETER), floats(...PARAMETER), squares(...PARAMETER)],
        settings(1e-3, 0.9, 0.999, 1e-8, 0.01, 1, 0.1, 0.001),
      ],
      run: ([theta, g, first, second, hyper]) => Object.values(adamStep(theta, g, first, second, hyper)),
    },
  ],
};
