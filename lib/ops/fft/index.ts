export {
  complex,
  complexAbs,
  complexMul,
  complexSquaredAbs,
  conjugate,
  imaginaryPart,
  realPart,
} from './complex';
export { fft, ifft, irfft, rfft, type FftNorm, type FftOptions } from './fft';
export { fft2, ifft2, irfft2, rfft2, type Fft2Options } from './fft2';
export {
  fftfreq,
  fftshift,
  ifftshift,
  rfftfreq,
  type FrequencyOptions,
  type ShiftOptions,
} from './frequencies';
