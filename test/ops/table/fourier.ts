import {
  complex,
  complexAbs,
  complexMul,
  conjugate,
  imaginaryPart,
  realPart,
} from '../../../lib/ops/fft/complex';
import { fft, ifft, irfft, rfft } from '../../../lib/ops/fft/fft';
import { fft2, ifft2, irfft2, rfft2 } from '../../../lib/ops/fft/fft2';
import { fftshift, ifftshift } from '../../../lib/ops/fft/frequencies';
import { at, build, total, type NdArray } from '../../support/array';
import { ofShapes, type Case, type ExampleUse, type Row } from '../row';

/** Pairs of a real and an imaginary part from a formula for the numbers. */
function buildComplex(
  shape: readonly number[],
  number: (index: readonly number[]) => [number, number],
): NdArray {
  return build([...shape, 2], (index) => number(index.slice(0, -1))[index.at(-1)!]!);
}

const numberAt = (x: NdArray, index: readonly number[]): [number, number] => [
  at(x, ...index, 0),
  at(x, ...index, 1),
];

const factor = (norm: string | undefined, n: number, sign: number): number => {
  if (norm === 'ortho') return 1 / Math.sqrt(n);
  return sign > 0 === (norm !== 'forward') ? 1 / n : 1;
};

/** The transform by its definition; cells beyond the end are 0. */
function transformed(x: NdArray, sign: number, { axis = -1, n, norm }: any = {}): NdArray {
  const along = axis < 0 ? axis + x.shape.length - 1 : axis;
  const own = x.shape[along]!;
  const length = n ?? own;
  const shape = x.shape.slice(0, -1).map((size, i) => (i === along ? length : size));
  return buildComplex(shape, (index) => {
    const term = (part: 0 | 1): number =>
      total(Math.min(length, own), (j) => {
        const [re, im] = numberAt(
          x,
          index.map((size, i) => (i === along ? j : size)),
        );
        const angle = (sign * 2 * Math.PI * ((index[along]! * j) % length)) / length;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        return part === 0 ? re * c - im * s : re * s + im * c;
      });
    return [term(0) * factor(norm, length, sign), term(1) * factor(norm, length, sign)];
  });
}

const asComplex = (x: NdArray): NdArray => buildComplex(x.shape, (index) => [at(x, ...index), 0]);

function realTransform(x: NdArray, options: any = {}): NdArray {
  const axis = (options.axis ?? -1) < 0 ? (options.axis ?? -1) + x.shape.length : options.axis;
  const whole = transformed(asComplex(x), -1, { ...options, axis });
  const shape = whole.shape.map((size, i) => (i === axis ? Math.floor(size / 2) + 1 : size));
  return build(shape, (index) => at(whole, ...index));
}

/** Real numbers from half a spectrum: the other half are the conjugates. */
function fromHalf(x: NdArray, options: any = {}): NdArray {
  const axis = (options.axis ?? -1) < 0 ? (options.axis ?? -1) + x.shape.length - 1 : options.axis;
  const half = x.shape[axis]!;
  const n = options.n ?? 2 * (half - 1);
  const shape = x.shape.slice(0, -1).map((size, i) => (i === axis ? n : size));
  const whole = buildComplex(shape, (index) => {
    const k = index[axis]!;
    const mirrored = Math.min(k, n - k);
    if (mirrored >= half) return [0, 0];
    const [re, im] = numberAt(
      x,
      index.map((size, i) => (i === axis ? mirrored : size)),
    );
    const sign = k === 0 || 2 * k === n ? 0 : Math.sign(n - 2 * k);
    return [re, sign * im];
  });
  const y = transformed(whole, 1, { axis, norm: options.norm });
  return build(shape, (index) => at(y, ...index, 0));
}

const COMPLEX: readonly Case[] = [
  ofShapes('a power of two', undefined, [2, 8, 2]),
  ofShapes('mixed factors', undefined, [2, 15, 2]),
  ofShapes('a large prime', undefined, [1, 53, 2]),
  ofShapes('columns', { axis: 0, norm: 'ortho' }, [6, 3, 2]),
  ofShapes('cut', { n: 3, norm: 'forward' }, [2, 5, 2]),
  ofShapes('filled up', { n: 6, axis: 1 }, [2, 4, 3, 2]),
  ofShapes('one number', undefined, [1, 2]),
  ofShapes('no rows', undefined, [0, 4, 2]),
];
const REAL: readonly Case[] = [
  ofShapes('divisible by four', undefined, [2, 8]),
  ofShapes('even', { norm: 'ortho' }, [2, 6]),
  ofShapes('odd', undefined, [2, 5]),
  ofShapes('a large prime', undefined, [1, 53]),
  ofShapes('columns', { axis: 0 }, [4, 3]),
  ofShapes('filled up', { n: 6 }, [2, 4]),
  ofShapes('one number', undefined, [1]),
  ofShapes('no rows', undefined, [0, 4]),
];
const HALVES: readonly Case[] = [
  ofShapes('divisible by four', undefined, [2, 5, 2]),
  ofShapes('even', { norm: 'ortho' }, [2, 4, 2]),
  ofShapes('odd', { n: 5 }, [2, 3, 2]),
  ofShapes('a large prime', { n: 53 }, [1, 27, 2]),
  ofShapes('columns', { axis: 0, norm: 'forward' }, [3, 3, 2]),
  ofShapes('one number', { n: 1 }, [1, 2]),
  ofShapes('no rows', undefined, [0, 4, 2]),
];
const WITHOUT_SIZE1 = { size1: 'a complex number is two' };
/** Errors grow with the logarithm of the length, relative to the largest term. */
const TOLERANCE = { float32: 1e-5, float64: 1e-12 };
const rows: readonly ExampleUse[] = [{ axes: [0], output: 0 }];

const plane =
  (f: (x: NdArray, options: any) => NdArray, g: (x: NdArray, options: any) => NdArray) =>
  ([x]: readonly NdArray[], { norm, size }: any = {}): NdArray =>
    g(f(x!, { axis: -1, n: size?.[1], norm }), { axis: -2, n: size?.[0], norm });
const forwards = (x: NdArray, options: any): NdArray => transformed(x, -1, options);
const backwards = (x: NdArray, options: any): NdArray => transformed(x, 1, options);

/** Fourier transforms and complex numbers. */
export const fourier: readonly Row[] = [
  {
    name: 'fft',
    run: ([x], options) => fft(x!, options),
    reference: ([x], options) => transformed(x!, -1, options),
    cases: COMPLEX,
    without: WITHOUT_SIZE1,
    large: ofShapes('large', { axis: 1 }, [20, 64, 40, 2]),
    tolerance: TOLERANCE,
    examples: rows,
    mixes: [{ axes: [1] }],
  },
  {
    name: 'ifft',
    covers: ['fft'],
    run: ([x], options) => ifft(x!, options),
    reference: ([x], options) => transformed(x!, 1, options),
    cases: COMPLEX,
    without: WITHOUT_SIZE1,
    tolerance: TOLERANCE,
    examples: rows,
  },
  {
    name: 'rfft',
    run: ([x], options) => rfft(x!, options),
    reference: ([x], options) => realTransform(x!, options),
    cases: REAL,
    large: ofShapes('large', undefined, [300, 120]),
    tolerance: TOLERANCE,
    examples: rows,
    mixes: [{ axes: [1] }],
  },
  {
    name: 'irfft',
    run: ([x], options) => irfft(x!, options),
    reference: ([x], options) => fromHalf(x!, options),
    cases: HALVES,
    without: WITHOUT_SIZE1,
    large: ofShapes('large', undefined, [300, 61, 2]),
    tolerance: TOLERANCE,
    examples: rows,
    mixes: [{ axes: [1] }],
  },
  {
    name: 'fft2',
    covers: ['fft'],
    run: ([x], options) => fft2(x!, options),
    reference: plane(forwards, forwards),
    cases: [
      ofShapes('images', undefined, [2, 4, 3, 2]),
      ofShapes('cut and filled up', { size: [3, 5], norm: 'ortho' }, [2, 4, 3, 2]),
      ofShapes('no images', undefined, [0, 4, 3, 2]),
    ],
    without: WITHOUT_SIZE1,
    tolerance: TOLERANCE,
    examples: rows,
  },
  {
    name: 'ifft2',
    covers: ['fft'],
    run: ([x], options) => ifft2(x!, options),
    reference: plane(backwards, backwards),
    cases: [ofShapes('images', undefined, [2, 4, 3, 2]), ofShapes('no images', undefined, [0, 4, 3, 2])],
    without: WITHOUT_SIZE1,
    tolerance: TOLERANCE,
  },
  {
    name: 'rfft2',
    covers: ['rfft', 'fft'],
    run: ([x], options) => rfft2(x!, options),
    reference: plane(realTransform, forwards),
    cases: [
      ofShapes('images', undefined, [2, 3, 4]),
      ofShapes('one number', undefined, [1, 1]),
      ofShapes('no images', undefined, [0, 3, 4]),
    ],
    tolerance: TOLERANCE,
    examples: rows,
  },
  {
    name: 'irfft2',
    covers: ['irfft', 'fft'],
    run: ([x], options) => irfft2(x!, options),
    reference: ([x], { size, norm }: any = {}) =>
      fromHalf(transformed(x!, 1, { axis: -2, n: size?.[0], norm }), { axis: -1, n: size?.[1], norm }),
    cases: [
      ofShapes('images', undefined, [2, 3, 3, 2]),
      ofShapes('odd', { size: [3, 5] }, [2, 3, 3, 2]),
      ofShapes('no images', undefined, [0, 3, 3, 2]),
    ],
    without: WITHOUT_SIZE1,
    tolerance: TOLERANCE,
    examples: rows,
  },
  {
    name: 'fftshift',
    covers: [],
    run: ([x], options) => fftshift(x!, options),
    reference: ([x]) =>
      build(x!.shape, (index) =>
        at(x!, ...index.map((own, i) => (own + Math.ceil(x!.shape[i]! / 2)) % x!.shape[i]!)),
      ),
    cases: [
      ofShapes('odd and even', undefined, [3, 4]),
      ofShapes('one number', undefined, [1]),
      ofShapes('none', undefined, [0, 2]),
    ],
  },
  {
    name: 'ifftshift',
    covers: [],
    run: ([x]) => ifftshift(fftshift(x!, { axis: 0 }), { axis: 0 }),
    reference: ([x]) => x!,
    cases: [
      ofShapes('odd and even', undefined, [3, 4]),
      ofShapes('one number', undefined, [1]),
      ofShapes('none', undefined, [0, 2]),
    ],
  },
  {
    name: 'complex',
    covers: [],
    run: ([re, im]) => [complex(re!, im), complex(re!)],
    gives: ['float', 'float'],
    reference: ([re, im]) => [
      buildComplex(re!.shape, (index) => [at(re!, ...index), at(im!, ...index)]),
      asComplex(re!),
    ],
    cases: [
      ofShapes('rows', undefined, [2, 3], [2, 3]),
      ofShapes('one number', undefined, [], []),
      ofShapes('none', undefined, [0], [0]),
    ],
  },
  {
    name: 'complexMul',
    covers: [],
    run: ([a, b]) => [complexMul(a!, conjugate(b!)), realPart(a!), imaginaryPart(b!), complexAbs(a!)],
    gives: ['float', 'float', 'float', 'float'],
    reference: ([a, b]) => {
      const shape = a!.shape.slice(0, -1);
      return [
        buildComplex(shape, (index) => {
          const [[ar, ai], [br, bi]] = [numberAt(a!, index), numberAt(b!, index)];
          return [ar * br + ai * bi, ai * br - ar * bi];
        }),
        build(shape, (index) => at(a!, ...index, 0)),
        build(shape, (index) => at(b!, ...index, 1)),
        build(shape, (index) => Math.hypot(...numberAt(a!, index))),
      ];
    },
    cases: [ofShapes('rows', undefined, [2, 3, 2], [2, 3, 2]), ofShapes('none', undefined, [0, 2], [0, 2])],
    without: WITHOUT_SIZE1,
    tolerance: { float32: 3e-6 },
  },
];
