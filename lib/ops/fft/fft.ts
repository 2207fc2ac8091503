import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { mul } from '../elementwise/arithmetic';
import { checkFloats } from '../floats';
import { pad } from '../shape/pad';
import { slice } from '../shape/slice';
import { moveAxis } from '../shape/transpose';
import { checkComplex } from './complex';
import { fourier, fourierOfReal, fourierToReal } from './transforms';

/**
 * Where the factor 1 / n goes: on the way back, on neither (its root on both), or on the way there. The names are those of
 * NumPy.
 */
export type FftNorm = 'backward' | 'ortho' | 'forward';

export interface FftOptions {
  /** The axis of the transform, among those of the numbers: the axis of their two parts does not count. Default -1. */
  readonly axis?: number;
  /** How many numbers to transform: the axis is cut, or filled up with zeros. Default: all; for `irfft` 2 (m - 1). */
  readonly n?: number;
  /** Default `backward`. */
  readonly norm?: FftNorm;
}

const FFT_OPTIONS: Kinds<FftOptions> = { axis: 'number', n: 'number', norm: 'string' };

/** What a transform of n numbers is multiplied by. */
function scaleOf(where: string, norm: FftNorm, n: number, inverse: boolean): number {
  switch (norm) {
    case 'ortho':
      return 1 / Math.sqrt(n);
    case 'backward':
      return inverse ? 1 / n : 1;
    case 'forward':
      return inverse ? 1 : 1 / n;
    default:
      throw new OptionError(`${where}: norm must be 'backward', 'ortho' or 'forward', got '${String(norm)}'`);
  }
}

/** The extent of an axis that must not be empty. */
function elementsAlong(where: string, x: Tensor, axis: number): number {
  const n = extent(x.shape, axis);
  if (n === 0) throw new ShapeError(`${where}: an axis with elements expected, got ${formatShape(x.shape)}`);
  return n;
}

/** Cuts an axis or fills it up with zeros. */
function fitted(where: string, x: Tensor, axis: number, n: number): Tensor {
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new OptionError(`${where}: n must be a positive integer, got ${n} for ${formatShape(x.shape)}`);
  }
  const own = extent(x.shape, axis);
  if (own > n) {
    return slice(x, {
      starts: x.shape.map(() => 0),
      stops: x.shape.map((size, i) => (i === axis ? n : size)),
    });
  }
  return pad(
    x,
    x.shape.map((_, i) => [0, i === axis ? n - own : 0]),
  );
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));

function complexTransform(where: string, x: Tensor, options: FftOptions, inverse: boolean): Tensor {
  checkTensors(where, { x });
  checkKinds(where, options, FFT_OPTIONS);
  checkComplex(where, x);
  const axis = normalizeAxis(where, options.axis ?? -1, x.shape.length - 1);
  const n = options.n ?? elementsAlong(where, x, axis);
  const numbers = fitted(where, x, axis, n);
  return scaled(fourier(numbers, axis, inverse), scaleOf(where, options.norm ?? 'backward', n, inverse));
}

/**
 * The discrete Fourier transform of complex numbers [..., 2] along one axis, for any length:
 *
 *     y[k] = sum_j x[j] e^(-2 pi i j k / n)
 *
 * A complex number is a last axis of two, its real and imaginary part; results are complex in the same way.
 *
 * @example
 * const spectrum = fft(complex(signal));                // [8] -> [8, 2]
 * @throws ShapeError unless x is complex and has the axis, with elements; DTypeError for anything but floats; OptionError.
 */
export const fft = (x: Tensor, options: FftOptions = {}): Tensor =>
  complexTransform('fft', x, options, false);

/**
 * The inverse of `fft`, `x[j] = 1/n sum_k y[k] e^(2 pi i j k / n)`.
 *
 * @throws ShapeError, DTypeError and OptionError as `fft` does.
 */
export const ifft = (x: Tensor, options: FftOptions = {}): Tensor =>
  complexTransform('ifft', x, options, true);

/**
 * The transform of real numbers: `fft` of n of them has conjugate halves, of which the first `floor(n / 2) + 1` are given.
 * x [..., n, ...] to complex [..., floor(n / 2) + 1, ..., 2].
 *
 * @throws ShapeError unless x has the axis, with elements; DTypeError for anything but floats; OptionError.
 */
export function rfft(x: Tensor, options: FftOptions = {}): Tensor {
  checkTensors('rfft', { x });
  checkKinds('rfft', options, FFT_OPTIONS);
  checkFloats('rfft', x);
  const axis = normalizeAxis('rfft', options.axis ?? -1, x.shape.length);
  const n = options.n ?? elementsAlong('rfft', x, axis);
  const last = moveAxis(fitted('rfft', x, axis, n), axis, -1);
  const spectrum = moveAxis(fourierOfReal(last), x.shape.length - 1, axis);
  return scaled(spectrum, scaleOf('rfft', options.norm ?? 'backward', n, false));
}

/**
 * The inverse of `rfft`: n real numbers from the first half of their spectrum. The imaginary parts of its first number, and
 * of the last for even n, do not matter.
 *
 * @throws ShapeError, DTypeError and OptionError as `fft` does.
 */
export function irfft(x: Tensor, options: FftOptions = {}): Tensor {
  checkTensors('irfft', { x });
  checkKinds('irfft', options, FFT_OPTIONS);
  checkComplex('irfft', x);
  const axis = normalizeAxis('irfft', options.axis ?? -1, x.shape.length - 1);
  const n = options.n ?? 2 * (extent(x.shape, axis) - 1);
  if (n < 1)
    throw new ShapeError(`irfft: at least two terms or a positive n expected, got ${formatShape(x.shape)}`);
  const terms = moveAxis(fitted('irfft', x, axis, Math.floor(n / 2) + 1), axis, x.shape.length - 2);
  const numbers = moveAxis(fourierToReal(terms, n), -1, axis);
  return scaled(numbers, scaleOf('irfft', options.norm ?? 'backward', n, true));
}
