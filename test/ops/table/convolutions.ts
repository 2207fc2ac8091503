import { conv2d, conv2dInputGrad, conv2dWeightGrad } from '../../../lib/ops/networks/conv2d';
import { conv1d, convTranspose1d } from '../../../lib/ops/networks/conv1d';
import { convTranspose2d } from '../../../lib/ops/networks/convTranspose2d';
import { fold, unfold } from '../../../lib/ops/networks/unfold';
import { at, build, flattenFrom, total, type NdArray } from '../../support/array';
import { folded, pair, patchesOf, positions, windowOf } from '../../support/windows';
import { ofShapes, type Row } from '../row';

/** The elements of a patch of all channels that the outputs of a group see. */
const seenBy = (output: number, outputs: number, w: NdArray, groups: number): number =>
  Math.floor((output * groups) / outputs) * flattenFrom(w, 1).shape[1]!;

function convolved(x: NdArray, w: NdArray, options: any = {}, bias?: NdArray): NdArray {
  const window = windowOf({ ...options, kernel: w.shape.slice(2) }, x.shape.slice(2));
  const [patches, weights] = [patchesOf(x, window), flattenFrom(w, 1)];
  const [rows, columns] = positions(x.shape.slice(2), window) as [number, number];
  const outputs = w.shape[0]!;
  return build([x.shape[0]!, outputs, rows, columns], ([n, o, r, s]) => {
    const first = seenBy(o!, outputs, w, options.groups ?? 1);
    const product = total(
      weights.shape[1]!,
      (k) => at(weights, o!, k) * at(patches, n!, r! * columns + s!, first + k),
    );
    return product + (bias ? at(bias, o!) : 0);
  });
}

function inputGradient(g: NdArray, w: NdArray, options: any): NdArray {
  const [cotangents, weights] = [flattenFrom(g, 2), flattenFrom(w, 1)];
  const [outputs, own, groups] = [w.shape[0]!, weights.shape[1]!, options.groups ?? 1];
  const patches = build([g.shape[0]!, cotangents.shape[2]!, own * groups], ([n, t, k]) =>
    total(outputs, (o) => {
      const element = k! - seenBy(o, outputs, w, groups);
      return element < 0 || element >= own ? 0 : at(weights, o, element) * at(cotangents, n!, o, t!);
    }),
  );
  return folded(patches, pair(options.size), { ...options, kernel: w.shape.slice(2) });
}

function weightGradient(x: NdArray, g: NdArray, options: any): NdArray {
  const [patches, cotangents] = [patchesOf(x, options), flattenFrom(g, 2)];
  const groups = options.groups ?? 1;
  const shape = [g.shape[1]!, x.shape[1]! / groups, ...pair(options.kernel)];
  const weight = build(shape, () => 0);
  const { data } = build([shape[0]!, flattenFrom(weight, 1).shape[1]!], ([o, k]) =>
    total(x.shape[0]!, (n) =>
      total(
        cotangents.shape[2]!,
        (t) => at(cotangents, n, o!, t) * at(patches, n, t, seenBy(o!, shape[0]!, weight, groups) + k!),
      ),
    ),
  );
  return { shape, data };
}

/** A transposed convolution by its definition: every cell of x adds the window, scaled, to the result. */
function transposedConvolution(x: NdArray, w: NdArray, options: any, bias?: NdArray): NdArray {
  const { stride, padding, dilation } = windowOf({ ...options, kernel: w.shape.slice(2) });
  const extra = pair(options.outputPadding ?? 0);
  const size = [0, 1].map(
    (i) =>
      (x.shape[2 + i]! - 1) * stride[i]! -
      padding[i]![0]! -
      padding[i]![1]! +
      dilation[i]! * (w.shape[2 + i]! - 1) +
      1 +
      extra[i]!,
  );
  return withBias(inputGradient(x, w, { ...options, stride, padding, dilation, size }), bias);
}

const withBias = (y: NdArray, bias?: NdArray): NdArray =>
  bias ? build(y.shape, (index) => at(y, ...index) + at(bias, index[1]!)) : y;

/** Sequences as images of height 1, and back. */
const asImages = ({ shape, data }: NdArray): NdArray => ({
  shape: [shape[0]!, shape[1]!, 1, shape[2]!],
  data,
});
const asSequences = ({ shape, data }: NdArray): NdArray => ({
  shape: [shape[0]!, shape[1]!, shape[3]!],
  data,
});
const ofSequences = ({
  stride = 1,
  padding = 0,
  outputPadding = 0,
  dilation = 1,
  ...more
}: any = {}): any => ({
  stride: [1, stride],
  padding: typeof padding === 'string' ? padding : [[0, 0], pair(padding)],
  outputPadding: [0, outputPadding],
  dilation: [1, dilation],
  ...more,
});

const GENERAL = { stride: [2, 1], padding: [1, 2], dilation: [1, 2] } as const;

/** Convolutions and their windows. */
export const convolutions: readonly Row[] = [
  {
    name: 'conv2d',
    run: ([x, w, bias], options) => conv2d(x!, w!, bias ? { ...options, bias } : options),
    reference: ([x, w, bias], options) => convolved(x!, w!, options, bias),
    cases: [
      ofShapes('plain', {}, [3, 2, 4, 4], [2, 2, 3, 3]),
      ofShapes('strides, padding, dilation', GENERAL, [2, 2, 4, 3], [3, 2, 2, 2]),
      ofShapes('pointwise', {}, [2, 3, 2, 2], [2, 3, 1, 1]),
      ofShapes('groups', { groups: 2, padding: 1 }, [2, 4, 3, 3], [6, 2, 2, 2]),
      ofShapes('depthwise', { groups: 3, padding: 1, stride: [2, 1] }, [2, 3, 4, 3], [6, 1, 3, 3]),
      ofShapes('pointwise in groups', { groups: 2 }, [3, 4, 2, 2], [2, 2, 1, 1]),
      ofShapes(
        'depthwise, side by side',
        {
          groups: 2,
          padding: [
            [1, 0],
            [0, 2],
          ],
          dilation: [1, 2],
        },
        [2, 2, 3, 4],
        [4, 1, 3, 2],
      ),
      ofShapes('depthwise and a bias', { groups: 3, padding: 'same' }, [2, 3, 2, 5], [3, 1, 1, 3], [3]),
      ofShapes('as large as the image', { padding: 'same' }, [2, 2, 4, 3], [2, 2, 2, 3]),
      ofShapes(
        'as large as every other cell',
        { padding: 'same', stride: 2, dilation: 2 },
        [2, 1, 5, 4],
        [1, 1, 3, 2],
      ),
      ofShapes(
        'each side by itself',
        {
          padding: [
            [1, 0],
            [0, 2],
          ],
        },
        [2, 1, 3, 2],
        [2, 1, 2, 3],
      ),
      ofShapes('a bias', { padding: 1 }, [2, 2, 3, 3], [3, 2, 2, 2], [3]),
      ofShapes('a bias in groups', { groups: 2 }, [2, 4, 2, 2], [4, 2, 2, 1], [4]),
      ofShapes('one element', {}, [1, 1, 1, 1], [1, 1, 1, 1]),
      ofShapes('no images', {}, [0, 2, 3, 3], [2, 2, 2, 2]),
      ofShapes('no channels', {}, [2, 0, 3, 3], [2, 0, 2, 2]),
    ],
    large: ofShapes('large', { padding: 1 }, [16, 4, 16, 16], [9, 4, 3, 3]),
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [0, null], output: 0, of: 'strides, padding, dilation' },
      { axes: [0, null], output: 0, of: 'pointwise' },
      { axes: [0, null], output: 0, of: 'groups' },
      { axes: [0, null], output: 0, of: 'depthwise' },
      { axes: [0, null], output: 0, of: 'pointwise in groups' },
      { axes: [0, null], output: 0, of: 'depthwise, side by side' },
      { axes: [0, null], output: 0, of: 'each side by itself' },
      { axes: [0, null, null], output: 0, of: 'a bias in groups' },
    ],
    mixes: [{ axes: [1, null] }, { axes: [null, 0] }],
  },
  {
    name: 'depthwise conv2d',
    covers: ['conv2d'],
    run: ([x, w], options) => conv2d(x!, w!, options),
    reference: ([x, w], options) => convolved(x!, w!, options),
    cases: [
      ofShapes('rows longer than vectors', { groups: 2, padding: 1 }, [1, 2, 3, 37], [2, 1, 3, 3]),
      ofShapes('wide windows', { groups: 2, padding: 'same' }, [1, 2, 2, 9], [2, 1, 2, 7]),
      ofShapes('no images', { groups: 2 }, [0, 2, 3, 3], [2, 1, 2, 2]),
    ],
    without: { size1: 'a depthwise convolution has two channels or more' },
    large: ofShapes('large', { padding: 1, groups: 8 }, [16, 8, 30, 35], [8, 1, 3, 3]),
    examples: [{ axes: [0, null], output: 0 }],
  },
  {
    name: 'conv2dInputGrad',
    run: ([g, w], options) => conv2dInputGrad(g!, w!, options),
    reference: ([g, w], options) => inputGradient(g!, w!, options),
    cases: [
      ofShapes('plain', { size: 4 }, [3, 2, 2, 2], [2, 2, 3, 3]),
      ofShapes('strides, padding, dilation', { ...GENERAL, size: [4, 3] }, [2, 3, 3, 5], [3, 2, 2, 2]),
      ofShapes(
        'groups',
        {
          groups: 2,
          size: [3, 4],
          padding: [
            [1, 0],
            [0, 1],
          ],
        },
        [2, 4, 3, 4],
        [4, 2, 2, 2],
      ),
      ofShapes('pointwise in groups', { groups: 2, size: 2 }, [3, 4, 2, 2], [4, 3, 1, 1]),
      ofShapes('one element', { size: 1 }, [1, 1, 1, 1], [1, 1, 1, 1]),
      ofShapes('no images', { size: 3 }, [0, 2, 2, 2], [2, 2, 2, 2]),
    ],
    large: ofShapes('large', { padding: 1, size: 16 }, [16, 9, 16, 16], [9, 4, 3, 3]),
    examples: [
      { axes: [0, null], output: 0, of: 'groups' },
      { axes: [0, null], output: 0 },
      { axes: [0, null], output: 0, of: 'strides, padding, dilation' },
    ],
    mixes: [{ axes: [null, 0] }],
  },
  {
    name: 'conv2dWeightGrad',
    run: ([x, g], options) => conv2dWeightGrad(x!, g!, options),
    reference: ([x, g], options) => weightGradient(x!, g!, options),
    cases: [
      ofShapes('plain', { kernel: 3 }, [2, 2, 4, 4], [2, 2, 2, 2]),
      ofShapes('strides, padding, dilation', { ...GENERAL, kernel: 2 }, [2, 2, 4, 3], [2, 3, 3, 5]),
      ofShapes('groups', { groups: 2, kernel: 2 }, [2, 4, 3, 3], [2, 6, 2, 2]),
      ofShapes('depthwise', { groups: 3, kernel: [1, 2] }, [2, 3, 2, 3], [2, 3, 2, 2]),
      ofShapes('one element', { kernel: 1 }, [1, 1, 1, 1], [1, 1, 1, 1]),
      ofShapes('no images', { kernel: 2 }, [0, 2, 3, 3], [0, 2, 2, 2]),
    ],
    large: ofShapes('large', { padding: 1, kernel: 3 }, [16, 4, 16, 16], [16, 9, 16, 16]),
    mixes: [{ axes: [0, 0] }],
  },
  {
    name: 'convTranspose2d',
    covers: [],
    run: ([x, w, bias], options) => convTranspose2d(x!, w!, bias ? { ...options, bias } : options),
    reference: ([x, w, bias], options) => transposedConvolution(x!, w!, options, bias),
    cases: [
      ofShapes('plain', {}, [3, 2, 2, 3], [2, 3, 2, 2]),
      ofShapes('twice as large', { stride: 2, padding: 1, outputPadding: 1 }, [2, 2, 3, 2], [2, 2, 3, 3]),
      ofShapes(
        'groups and a bias',
        { groups: 2, stride: [1, 2], dilation: [2, 1] },
        [2, 4, 2, 2],
        [4, 2, 2, 2],
        [4],
      ),
      ofShapes('one element', {}, [1, 1, 1, 1], [1, 1, 1, 1]),
      ofShapes('no images', {}, [0, 2, 2, 2], [2, 2, 2, 2]),
    ],
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [0, null], output: 0, of: 'twice as large' },
      { axes: [0, null, null], output: 0, of: 'groups and a bias' },
    ],
  },
  {
    name: 'conv1d',
    covers: [],
    run: ([x, w, bias], options) => conv1d(x!, w!, bias ? { ...options, bias } : options),
    reference: ([x, w, bias], options) =>
      asSequences(convolved(asImages(x!), asImages(w!), ofSequences(options), bias)),
    cases: [
      ofShapes('plain', {}, [3, 2, 5], [2, 2, 3]),
      ofShapes('causal', { padding: [4, 0], dilation: 2 }, [2, 2, 4], [2, 2, 3]),
      ofShapes('depthwise, as long, and a bias', { groups: 2, padding: 'same' }, [2, 2, 4], [2, 1, 2], [2]),
      ofShapes('one element', {}, [1, 1, 1], [1, 1, 1]),
      ofShapes('no sequences', { stride: 2 }, [0, 2, 3], [2, 2, 2]),
    ],
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [0, null, null], output: 0, of: 'depthwise, as long, and a bias' },
    ],
  },
  {
    name: 'convTranspose1d',
    covers: [],
    run: ([x, w, bias], options) => convTranspose1d(x!, w!, bias ? { ...options, bias } : options),
    reference: ([x, w, bias], options) =>
      asSequences(transposedConvolution(asImages(x!), asImages(w!), ofSequences(options), bias)),
    cases: [
      ofShapes('plain', {}, [3, 2, 3], [2, 2, 2]),
      ofShapes('longer', { stride: 3, padding: [1, 0], outputPadding: 2 }, [2, 2, 3], [2, 1, 3], [1]),
      ofShapes('one element', {}, [1, 1, 1], [1, 1, 1]),
      ofShapes('no sequences', {}, [0, 2, 3], [2, 2, 2]),
    ],
    examples: [{ axes: [0, null], output: 0 }],
  },
  {
    name: 'unfold',
    run: ([x], options) => unfold(x!, options),
    reference: ([x], options) => patchesOf(x!, options),
    cases: [
      ofShapes('plain', { kernel: 2 }, [3, 2, 3, 3]),
      ofShapes('strides, padding, dilation', { ...GENERAL, kernel: [3, 2] }, [2, 2, 4, 3]),
      ofShapes('one element', { kernel: 1 }, [1, 1, 1, 1]),
      ofShapes('no images', { kernel: 2 }, [0, 2, 3, 3]),
    ],
    large: ofShapes('large', { kernel: 3, padding: 1 }, [16, 4, 20, 20]),
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ axes: [1] }],
  },
  {
    name: 'fold',
    run: ([patches], options) => fold(patches!, options),
    reference: ([patches], options) => folded(patches!, pair(options.size), options),
    cases: [
      ofShapes('plain', { kernel: 2, size: 3 }, [3, 4, 8]),
      ofShapes('strides, padding, dilation', { ...GENERAL, kernel: [3, 2], size: [4, 3] }, [2, 10, 12]),
      ofShapes('one element', { kernel: 1, size: 1 }, [1, 1, 1]),
      ofShapes('no images', { kernel: 2, size: 3 }, [0, 4, 8]),
    ],
    large: ofShapes('large', { kernel: 3, padding: 1, size: 20 }, [16, 400, 36]),
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ axes: [2] }],
  },
];
