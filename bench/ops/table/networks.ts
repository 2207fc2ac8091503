import { softmaxCrossEntropy } from '../../../lib/ops/losses/softmaxCrossEntropy';
import { groupNorm } from '../../../lib/ops/norms/groupNorm';
import { layerNorm } from '../../../lib/ops/norms/layerNorm';
import { rmsNorm } from '../../../lib/ops/norms/rmsNorm';
import { avgPool2d, maxPool2dWithIndices } from '../../../lib/ops/networks/pool2d';
import { logSoftmax, softmax } from '../../../lib/ops/networks/softmax';
import { resize } from '../../../lib/ops/resampling/resize';
import { applied, floats, indices, type Family } from '../row';

const [ROWS, COLUMNS] = [4096, 2048] as const;
const [IMAGES, CHANNELS, HEIGHT, WIDTH] = [64, 64, 32, 64] as const;
const matrix = floats(ROWS, COLUMNS);
const rowVector = floats(COLUMNS);
const images = floats(IMAGES, CHANNELS, HEIGHT, WIDTH);
const channelVector = floats(CHANNELS);
const LABELLING = { ignoreIndex: -100, labelSmoothing: 0 };
const noSides = [0, 0];
const halved = { kernel: [2, 2], stride: [2, 2], padding: [noSides, noSides] };

/** What stands between the products of a network. */
export const networks: Family = {
  name: 'networks',
  about:
    'softmax, losses, normalisation and pooling of 32 MiB; what counts is every input read and every output written once',
  rows: [
    { kernel: 'softmax', detail: 'of rows', inputs: [matrix], run: ([x]) => softmax(x) },
    { kernel: 'logSoftmax', detail: 'of rows', inputs: [matrix], run: ([x]) => logSoftmax(x) },
    {
      kernel: 'softmaxGrad',
      detail: 'of rows',
      inputs: [matrix, matrix],
      run: (inputs) => applied('softmaxGrad', inputs),
    },
    {
      kernel: 'softmaxGradOfScores',
      detail: 'of rows',
      inputs: [matrix, matrix],
      run: ([x, g]) => applied('softmaxGrad', [softmax(x), g]),
      against: 'softmaxGrad of rows',
    },
    {
      kernel: 'softmaxCrossEntropy',
      detail: '2048 classes',
      inputs: [matrix, indices(COLUMNS, ROWS)],
      run: ([logits, labels]) => softmaxCrossEntropy(logits, labels),
    },
    {
      kernel: 'softmaxCrossEntropyGrad',
      detail: '2048 classes',
      inputs: [matrix, indices(COLUMNS, ROWS), floats(ROWS)],
      run: (inputs) => applied('softmaxCrossEntropyGrad', inputs, LABELLING),
    },
    {
      kernel: 'softCrossEntropy',
      detail: '2048 classes',
      inputs: [matrix, matrix],
      run: ([logits, targets]) => softmaxCrossEntropy(logits, targets),
    },
    {
      kernel: 'softCrossEntropyGrad',
      detail: '2048 classes',
      inputs: [matrix, matrix, floats(ROWS)],
      run: (inputs) => applied('softCrossEntropyGrad', inputs),
    },
    {
      kernel: 'rmsNorm',
      detail: 'of rows',
      inputs: [matrix, rowVector],
      run: ([x, gain]) => rmsNorm(x, gain),
    },
    {
      kernel: 'rmsNormGrad',
      detail: 'of rows',
      inputs: [matrix, rowVector, matrix],
      run: (inputs) => applied('rmsNormGrad', inputs, { eps: 1e-6 }),
    },
    {
      kernel: 'batchNorm',
      detail: '64 channels',
      inputs: [images, channelVector, channelVector],
      run: (inputs) => applied('batchNorm', inputs, { eps: 1e-5 }),
    },
    {
      kernel: 'batchNormGrad',
      detail: '64 channels',
      inputs: [images, channelVector, images],
      run: (inputs) => applied('batchNormGrad', inputs, { eps: 1e-5 }),
    },
    {
      kernel: 'layerNorm',
      detail: 'of rows',
      inputs: [matrix, rowVector, rowVector],
      run: ([x, gain, bias]) => layerNorm(x, gain, bias),
    },
    {
      kernel: 'layerNormGrad',
      detail: 'of rows',
      inputs: [matrix, rowVector, matrix],
      run: (inputs) => applied('layerNormGrad', inputs, { eps: 1e-5 }),
    },
    {
      kernel: 'layerNormGrads',
      detail: 'of rows',
      inputs: [matrix, rowVector, matrix],
      run: (inputs) => applied('layerNormGrads', inputs, { eps: 1e-5 }),
    },
    {
      kernel: 'groupNorm',
      detail: '32 groups',
      inputs: [images, channelVector, channelVector],
      run: ([x, gain, bias]) => groupNorm(x, gain, bias, { groups: 32 }),
    },
    {
      kernel: 'groupNormGrad',
      detail: '32 groups',
      inputs: [images, channelVector, images],
      run: (inputs) => applied('groupNormGrad', inputs, { groups: 32, eps: 1e-5 }),
    },
    {
      kernel: 'maxPool2d',
      detail: '2x2',
      inputs: [images],
      run: ([x]) => Object.values(maxPool2dWithIndices(x, { kernel: 2 })),
    },
    {
      kernel: 'maxPool2dGrad',
      detail: '2x2',
      inputs: [
        floats(IMAGES, CHANNELS, HEIGHT / 2, WIDTH / 2),
        indices(WIDTH, IMAGES, CHANNELS, HEIGHT / 2, WIDTH / 2),
      ],
      run: (inputs) => applied('maxPool2dGrad', inputs, { ...halved, size: [HEIGHT, WIDTH] }),
    },
    { kernel: 'avgPool2d', detail: '2x2', inputs: [images], run: ([x]) => avgPool2d(x, { kernel: 2 }) },
    {
      kernel: 'resample',
      detail: 'rows to twice as many',
      inputs: [floats(IMAGES, CHANNELS, HEIGHT / 2, WIDTH)],
      run: ([x]) => resize(x, { scale: [2, 1], mode: 'linear' }),
    },
    {
      kernel: 'resample',
      detail: 'columns to twice as many',
      inputs: [floats(IMAGES, CHANNELS, HEIGHT, WIDTH / 2)],
      run: ([x]) => resize(x, { scale: [1, 2], mode: 'linear' }),
    },
    {
      kernel: 'avgPool2dGrad',
      detail: '2x2',
      inputs: [floats(IMAGES, CHANNELS, HEIGHT / 2, WIDTH / 2)],
      run: (inputs) => applied('avgPool2dGrad', inputs, { ...halved, size: [HEIGHT, WIDTH] }),
    },
  ],
};
