import { ShapeError } from '../../errors';
import { tensor } from '../../graph/create';
import { defineOp, single, type AxisUse, type Op } from '../../graph/op';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { mul } from '../elementwise/arithmetic';
import { checkFloats } from '../floats';
import { checkComplex } from './complex';

// The three transforms, none of them scaled. As real maps of pairs they are closed under transposition: that of F is F^H,
// the transform in the other direction.

/** Operations of a transform of n complex numbers: the usual count, whatever the factors of n. */
const transformFlops = (n: number): number => 5 * n * Math.log2(Math.max(2, n));

interface Direction {
  /** The axis among those of the numbers, which end before the axis of two. */
  readonly axis: number;
  readonly inverse: boolean;
}

/** Every line along the axis is transformed by itself. */
function otherAxis(axis: number, { first, mixes }: AxisUse<object>, last: number): ExampleAxis {
  return first.axis !== axis && first.axis !== last ? first : mixes('it transforms along the example axis');
}

const fftOp: Op<Direction> = defineOp<Direction>('fft', {
  infer: ([x], { axis, inverse }) => {
    checkComplex(inverse ? 'ifft' : 'fft', x);
    extent(x.shape, axis);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'fft',
    attributes: ({ inverse }) => [Number(inverse)],
    views: ({ axis }, [x]) => {
      const view = [
        sizeOf(x.shape.slice(0, axis)),
        extent(x.shape, axis),
        sizeOf(x.shape.slice(axis + 1, -1)),
        2,
      ];
      return { inputs: [view], outputs: [view] };
    },
  },
  flops: ([x], _outputs, { axis }) => {
    const n = extent(x.shape, axis);
    return n === 0 ? 0 : (sizeOf(x.shape) / 2 / n) * transformFlops(n);
  },
  linearity: 'linear',
  vjp: ([g], _inputs, _outputs, { axis, inverse }) => [single(fftOp([g], { axis, inverse: !inverse }))],
  example: {
    axis: (use) => otherAxis(use.attributes.axis, use, use.inputs[0].shape.length - 1),
  },
});

interface Length {
  /** Of the real numbers. */
  readonly n: number;
}

const rows = (shape: Shape): number => sizeOf(shape);

/** What a term of the half spectrum stands for: itself and its conjugate, but for the first and, for even n, the last. */
function multiplicity(n: number, dtype: Tensor['dtype'], invert: boolean): Tensor {
  const half = Math.floor(n / 2) + 1;
  const twice = invert ? 0.5 : 2;
  const values = Array.from({ length: half }, (_, k) => (k === 0 || 2 * k === n ? 1 : twice));
  return tensor(values, { dtype, shape: [half, 1] });
}

const rfftOp: Op<Length> = defineOp<Length>('rfft', {
  infer: ([x], { n }) => {
    checkFloats('rfft', x);
    if (x.shape.at(-1) !== n || n < 1) {
      throw new ShapeError(`rfft: a last axis with elements expected, got ${formatShape(x.shape)}`);
    }
    return { shape: [...x.shape.slice(0, -1), Math.floor(n / 2) + 1, 2], dtype: x.dtype };
  },
  lower: {
    kernel: 'rfft',
    views: ({ n }, [x]) => ({
      inputs: [[rows(x.shape.slice(0, -1)), n]],
      outputs: [[rows(x.shape.slice(0, -1)), Math.floor(n / 2) + 1, 2]],
    }),
  },
  flops: ([x], _outputs, { n }) => (rows(x.shape.slice(0, -1)) * transformFlops(n)) / 2,
  linearity: 'linear',
  // Re(F^H g), where irfft adds the conjugates of all terms but the ends: half of each does.
  vjp: ([g], [x], _outputs, { n }) => [single(irfftOp([mul(g, multiplicity(n, x.dtype, true))], { n }))],
  example: { axis: (use) => otherAxis(use.inputs[0].shape.length - 1, use, -1) },
});

const irfftOp: Op<Length> = defineOp<Length>('irfft', {
  infer: ([x], { n }) => {
    checkComplex('irfft', x);
    if (n < 1 || x.shape.at(-2) !== Math.floor(n / 2) + 1) {
      throw new ShapeError(
        `irfft: ${Math.floor(n / 2) + 1} complex numbers expected for ${n} real ones, got ${formatShape(x.shape)}`,
      );
    }
    return { shape: [...x.shape.slice(0, -2), n], dtype: x.dtype };
  },
  lower: {
    kernel: 'irfft',
    views: ({ n }, [x]) => ({
      inputs: [[rows(x.shape.slice(0, -2)), Math.floor(n / 2) + 1, 2]],
      outputs: [[rows(x.shape.slice(0, -2)), n]],
    }),
  },
  flops: (_inputs, [y], { n }) => (rows(y.shape.slice(0, -1)) * transformFlops(n)) / 2,
  linearity: 'linear',
  vjp: ([g], [x], _outputs, { n }) => [mul(single(rfftOp([g], { n })), multiplicity(n, x.dtype, false))],
  example: { axis: (use) => otherAxis(use.inputs[0].shape.length - 2, use, use.inputs[0].shape.length - 1) },
});

/** The transform of complex numbers [..., 2] along an axis, `sum_j x[j] e^(-+ 2 pi i j k / n)`. */
export const fourier = (x: Tensor, axis: number, inverse: boolean): Tensor =>
  single(fftOp([x], { axis, inverse }));

/** That of real numbers [..., n] along the last axis: the first n / 2 + 1 of the results, [..., n / 2 + 1, 2]. */
export const fourierOfReal = (x: Tensor): Tensor => single(rfftOp([x], { n: extent(x.shape, -1) }));

/** Back from those to n real numbers. */
export const fourierToReal = (x: Tensor, n: number): Tensor => single(irfftOp([x], { n }));
