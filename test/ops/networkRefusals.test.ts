import '../../lib/graph/evaluate';
import type { DType } from '../../lib/graph/dtype';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import * as ops from '../../lib/ops';
import { zeros } from '../../lib/ops/elementwise/arithmetic';
import { code } from '../support/errors';

const of = (shape: Shape, dtype: DType = 'float32'): Tensor => zeros(shape, dtype);
const [images, labels, logits] = [of([2, 4, 5, 5]), of([3], 'int32'), of([3, 4])];
const vector = of([4]);

// What a wrong call of an operation of networks is told: the op, what was expected and what came.
test.each([
  [
    'groups that do not divide',
    () => ops.conv2d(images, of([6, 1, 3, 3]), { groups: 3 }),
    'ERR_SHAPE',
    '3 groups',
  ],
  [
    'a weight of other groups',
    () => ops.conv2d(images, of([6, 4, 3, 3]), { groups: 2 }),
    'ERR_SHAPE',
    'a weight [6, 2, kh, kw] expected',
  ],
  [
    'a bias of another size',
    () => ops.conv2d(images, of([6, 4, 1, 1]), { bias: vector }),
    'ERR_SHAPE',
    'a bias',
  ],
  [
    'padding by an unknown name',
    () => ops.conv2d(images, of([6, 4, 1, 1]), { padding: 'full' as 'same' }),
    'ERR_OPTION',
    "'same' or 'valid', got 'full'",
  ],
  [
    'as much output padding as stride',
    () => ops.convTranspose2d(images, of([4, 2, 3, 3]), { stride: 2, outputPadding: 2 }),
    'ERR_OPTION',
    'outputPadding must be less than the stride',
  ],
  [
    'a transposed convolution of no size',
    () => ops.convTranspose2d(of([1, 4, 1, 1]), of([4, 2, 1, 1]), { padding: 2 }),
    'ERR_SHAPE',
    'nothing is left',
  ],
  [
    'images for sequences',
    () => ops.conv1d(images, of([4, 4, 3])),
    'ERR_SHAPE',
    'sequences [N, C, L] expected',
  ],
  [
    'a misspelled option',
    () => ops.maxPool2d(images, { kernel: 2, ceil: true } as any),
    'ERR_OPTION',
    'ceilMode',
  ],
  ['parts of no size', () => ops.adaptiveAvgPool(images, 0), 'ERR_OPTION', 'a positive integer expected'],
  ['too many sizes', () => ops.adaptiveMaxPool(images, [1, 2, 3]), 'ERR_OPTION', 'one for each of 2 axes'],
  ['size and scale', () => ops.resize(images, { size: 2, scale: 2 }), 'ERR_OPTION', 'either size or scale'],
  ['neither of them', () => ops.resize(images, {}), 'ERR_OPTION', 'either size or scale'],
  [
    'corners of the nearest cell',
    () => ops.resize(images, { size: 2, alignCorners: true }),
    'ERR_OPTION',
    'alignCorners',
  ],
  [
    'a grid of other examples',
    () => ops.gridSample(images, of([3, 2, 2, 2])),
    'ERR_SHAPE',
    'a grid [2, OH, OW, 2]',
  ],
  ['channels to shuffle', () => ops.pixelShuffle(of([1, 6, 2, 2]), 2), 'ERR_SHAPE', 'divisible by 4'],
  [
    'a batch of nothing',
    () => ops.batchNorm(of([0, 4]), vector, vector),
    'ERR_SHAPE',
    'a batch with elements',
  ],
  [
    'running statistics of one element',
    () =>
      ops.runningStatistics({ mean: vector, variance: vector }, ops.batchNorm(of([1, 4]), vector, vector)),
    'ERR_SHAPE',
    'two elements per channel',
  ],
  ['a gain of another size', () => ops.rmsNorm(logits, of([3])), 'ERR_SHAPE', 'gain and bias of shape [4]'],
  [
    'labels that are floats',
    () => ops.nllLoss(logits, of([3])),
    'ERR_DTYPE',
    'int32 or int64 labels expected',
  ],
  [
    'distributions with a label to leave out',
    () => ops.softmaxCrossEntropy(logits, logits, { ignoreIndex: 0 }),
    'ERR_OPTION',
    'ignoreIndex is for labels',
  ],
  [
    'a reduction that is not one',
    () => ops.softmaxCrossEntropy(logits, labels, { reduction: 'avg' as 'mean' }),
    'ERR_OPTION',
    "'none', 'mean' or 'sum', got 'avg'",
  ],
  [
    'more smoothing than there is',
    () => ops.softmaxCrossEntropy(logits, labels, { labelSmoothing: 1.5 }),
    'ERR_OPTION',
    'from 0 to 1',
  ],
  [
    'targets that would broadcast',
    () => ops.mseLoss(logits, of([4])),
    'ERR_SHAPE',
    'targets of shape [3, 4]',
  ],
  ['a corner without a square', () => ops.huberLoss(logits, logits, { delta: 0 }), 'ERR_OPTION', 'above 0'],
  ['real numbers for complex ones', () => ops.fft(of([8])), 'ERR_SHAPE', 'complex numbers [..., 2] expected'],
  ['the axis of the two parts', () => ops.fft(of([8, 2]), { axis: 1 }), 'ERR_SHAPE', 'axis 1 is outside'],
  [
    'a norm that is not one',
    () => ops.fft(of([8, 2]), { norm: 'none' as 'ortho' }),
    'ERR_OPTION',
    "got 'none'",
  ],
  ['a transform of nothing', () => ops.rfft(of([0])), 'ERR_SHAPE', 'an axis with elements expected'],
  ['half a spectrum of one term', () => ops.irfft(of([1, 2])), 'ERR_SHAPE', 'at least two terms'],
] as const)('%s', (_name, call, wanted, text) => {
  expect(call).toThrow(code(wanted));
  expect(call).toThrow(text);
});

test('a label outside the classes is named when the loss is read', async () => {
  const outside = ops.softmaxCrossEntropy(logits, ops.full([3], 4, 'int32'));
  await expect(outside.data()).rejects.toEqual(code('ERR_INDEX'));
});
