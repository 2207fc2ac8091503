import { conv2d, conv2dInputGrad, conv2dWeightGrad } from '../../../lib/ops/networks/conv2d';
import { fold, unfold } from '../../../lib/ops/networks/unfold';
import { at, build, flattenFrom, total, type NdArray } from '../../support/array';
import { folded, pair, patchesOf, positions, windowOf } from '../../support/windows';
import { ofShapes, type Row } from '../row';

function convolved(x: NdArray, w: NdArray, options: any): NdArray {
  const window = { ...options, kernel: w.shape.slice(2) };
  const [patches, weights] = [patchesOf(x, window), flattenFrom(w, 1)];
  const [rows, columns] = positions(x.shape.slice(2), windowOf(window)) as [number, number];
  return build([x.shape[0]!, w.shape[0]!, rows, columns], ([n, o, r, s]) =>
    total(weights.shape[1]!, (k) => at(weights, o!, k) * at(patches, n!, r! * columns + s!, k)),
  );
}

function inputGradient(g: NdArray, w: NdArray, options: any): NdArray {
  const [cotangents, weights] = [flattenFrom(g, 2), flattenFrom(w, 1)];
  const patches = build([g.shape[0]!, cotangents.shape[2]!, weights.shape[1]!], ([n, t, k]) =>
    total(w.shape[0]!, (o) => at(weights, o, k!) * at(cotangents, n!, o, t!)),
  );
  return folded(patches, pair(options.size), { ...options, kernel: w.shape.slice(2) });
}

function weightGradient(x: NdArray, g: NdArray, options: any): NdArray {
  const [patches, cotangents] = [patchesOf(x, options), flattenFrom(g, 2)];
  const { data } = build([g.shape[1]!, patches.shape[2]!], ([o, k]) =>
    total(x.shape[0]!, (n) =>
      total(cotangents.shape[2]!, (t) => at(cotangents, n, o!, t) * at(patches, n, t, k!)),
    ),
  );
  return { shape: [g.shape[1]!, x.shape[1]!, ...pair(options.kernel)], data };
}

const GENERAL = { stride: [2, 1], padding: [1, 2], dilation: [1, 2] } as const;

/** Convolutions and their windows. */
export const convolutions: readonly Row[] = [
  {
    name: 'conv2d',
    run: ([x, w], options) => conv2d(x!, w!, options),
    reference: ([x, w], options) => convolved(x!, w!, options),
    cases: [
      ofShapes('plain', {}, [3, 2, 4, 4], [2, 2, 3, 3]),
      ofShapes('strides, padding, dilation', GENERAL, [2, 2, 4, 3], [3, 2, 2, 2]),
      ofShapes('pointwise', {}, [2, 3, 2, 2], [2, 3, 1, 1]),
      ofShapes('one element', {}, [1, 1, 1, 1], [1, 1, 1, 1]),
      ofShapes('no images', {}, [0, 2, 3, 3], [2, 2, 2, 2]),
      ofShapes('no channels', {}, [2, 0, 3, 3], [2, 0, 2, 2]),
    ],
    large: ofShapes('large', { padding: 1 }, [16, 4, 16, 16], [9, 4, 3, 3]),
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [0, null], output: 0, of: 'strides, padding, dilation' },
      { axes: [0, null], output: 0, of: 'pointwise' },
    ],
    mixes: [{ axes: [1, null] }, { axes: [null, 0] }],
  },
  {
    name: 'conv2dInputGrad',
    run: ([g, w], options) => conv2dInputGrad(g!, w!, options),
    reference: ([g, w], options) => inputGradient(g!, w!, options),
    cases: [
      ofShapes('plain', { size: 4 }, [3, 2, 2, 2], [2, 2, 3, 3]),
      ofShapes('strides, padding, dilation', { ...GENERAL, size: [4, 3] }, [2, 3, 3, 5], [3, 2, 2, 2]),
      ofShapes('one element', { size: 1 }, [1, 1, 1, 1], [1, 1, 1, 1]),
      ofShapes('no images', { size: 3 }, [0, 2, 2, 2], [2, 2, 2, 2]),
    ],
    large: ofShapes('large', { padding: 1, size: 16 }, [16, 9, 16, 16], [9, 4, 3, 3]),
    examples: [
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
      ofShapes('one element', { kernel: 1 }, [1, 1, 1, 1], [1, 1, 1, 1]),
      ofShapes('no images', { kernel: 2 }, [0, 2, 3, 3], [0, 2, 2, 2]),
    ],
    large: ofShapes('large', { padding: 1, kernel: 3 }, [16, 4, 16, 16], [16, 9, 16, 16]),
    mixes: [{ axes: [0, 0] }],
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
