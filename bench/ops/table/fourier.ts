import { fft, irfft, rfft } from '../../../lib/ops/fft/fft';
import { floats, type Family, type Row } from '../row';

/** The usual count for n complex numbers: 5 n log2(n). */
const flops = (lines: number, n: number): number => lines * 5 * n * Math.log2(n);

const complexRow = (detail: string, lines: number, n: number): Row => ({
  kernel: 'fft',
  detail,
  inputs: [floats(lines, n, 2)],
  run: ([x]) => fft(x),
  flops: flops(lines, n),
});

/** Fourier transforms. */
export const fourier: Family = {
  name: 'fourier',
  about: 'Fourier transforms, which count as 5 n log2(n) operations, half of that for real numbers',
  rows: [
    complexRow('of 1024 numbers', 1024, 1024),
    complexRow('of 1000 numbers', 1024, 1000),
    complexRow('of 1009 numbers, a prime', 1024, 1009),
    {
      kernel: 'fft',
      detail: 'of columns',
      inputs: [floats(16, 256, 256, 2)],
      run: ([x]) => fft(x, { axis: 1 }),
      flops: flops(16 * 256, 256),
    },
    {
      kernel: 'rfft',
      detail: 'of 1024 numbers',
      inputs: [floats(2048, 1024)],
      run: ([x]) => rfft(x),
      flops: flops(2048, 1024) / 2,
    },
    {
      kernel: 'irfft',
      detail: 'to 1024 numbers',
      inputs: [floats(2048, 513, 2)],
      run: ([x]) => irfft(x, { norm: 'forward' }),
      flops: flops(2048, 1024) / 2,
    },
  ],
};
