import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { fft, ifft, irfft, rfft, type FftNorm } from './fft';

export interface Fft2Options {
  /** The two axes, among those of the numbers; the real transforms halve the second. Default [-2, -1]. */
  readonly axes?: readonly [number, number];
  /** How many numbers to transform along each: cut, or filled up with zeros. Default: all. */
  readonly size?: readonly [number, number];
  /** Default `backward`. */
  readonly norm?: FftNorm;
}

const FFT2_OPTIONS: Kinds<Fft2Options> = { axes: 'list', size: 'list', norm: 'string' };

type Line = (x: Tensor, options: { axis: number; n?: number; norm: FftNorm }) => Tensor;

/** One transform after the other, the first along axes[order[0]]. */
function both(
  where: string,
  x: Tensor,
  options: Fft2Options,
  first: readonly [Line, 0 | 1],
  then: Line,
): Tensor {
  checkTensors(where, { x });
  checkKinds(where, options, FFT2_OPTIONS);
  const { axes = [-2, -1], size, norm = 'backward' } = options;
  const along = (which: 0 | 1): { axis: number; n?: number; norm: FftNorm } => ({
    axis: axes[which],
    ...(size ? { n: size[which] } : {}),
    norm,
  });
  const [line, which] = first;
  return then(line(x, along(which)), along(which === 0 ? 1 : 0));
}

/**
 * The Fourier transform of complex numbers [..., H, W, 2] along two axes.
 *
 * @throws ShapeError unless x is complex and has the axes; DTypeError for anything but floats; OptionError.
 */
export const fft2 = (x: Tensor, options: Fft2Options = {}): Tensor => both('fft2', x, options, [fft, 1], fft);

/** The inverse of `fft2`. @throws ShapeError, DTypeError and OptionError as `fft2` does. */
export const ifft2 = (x: Tensor, options: Fft2Options = {}): Tensor =>
  both('ifft2', x, options, [ifft, 1], ifft);

/**
 * The Fourier transform of real numbers [..., H, W] along two axes: complex [..., H, floor(W / 2) + 1, 2].
 *
 * @throws ShapeError unless x has the axes, with elements; DTypeError for anything but floats; OptionError.
 */
export const rfft2 = (x: Tensor, options: Fft2Options = {}): Tensor =>
  both('rfft2', x, options, [rfft, 1], fft);

/** The inverse of `rfft2`; the width is 2 (m - 1) unless `size` says otherwise. @throws as `rfft2` does. */
export const irfft2 = (x: Tensor, options: Fft2Options = {}): Tensor =>
  both('irfft2', x, options, [ifft, 0], irfft);
