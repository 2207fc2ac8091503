import { OptionError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { FloatDType } from '../../graph/dtype';
import { extent, normalizeAxes } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, div, greaterEqual, mul, sub } from '../elementwise/arithmetic';
import { where as choose } from '../elementwise/math';
import { iota } from '../indexing/iota';
import { concat } from '../shape/concat';
import { slice } from '../shape/slice';

export interface FrequencyOptions {
  /** The distance between samples. Default 1: frequencies are in cycles per sample. */
  readonly spacing?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const FREQUENCY_OPTIONS: Kinds<FrequencyOptions> = { spacing: 'number', dtype: 'dtype' };

function frequencies(where: string, n: number, count: number, options: FrequencyOptions): Tensor {
  checkKinds(where, options, FREQUENCY_OPTIONS);
  const { spacing = 1, dtype = 'float32' } = options;
  if (!Number.isSafeInteger(n) || n < 1)
    throw new OptionError(`${where}: n must be a positive integer, got ${n}`);
  if (!(Number.isFinite(spacing) && spacing !== 0)) {
    throw new OptionError(`${where}: spacing must be finite and not 0, got ${spacing}`);
  }
  const k = iota(count, { dtype: 'float64' });
  const signed = where === 'fftfreq' ? choose(greaterEqual(mul(k, 2), n), sub(k, n), k) : k;
  return cast(div(signed, n * spacing), dtype);
}

/** The frequencies of the terms of `fft`, [n]: `0, 1, ..., then the negative ones, ..., -1`, over `n spacing`. */
export const fftfreq = (n: number, options: FrequencyOptions = {}): Tensor =>
  frequencies('fftfreq', n, n, options);

/** The frequencies of the terms of `rfft`, [floor(n / 2) + 1]: `0, 1, ...` over `n spacing`. */
export const rfftfreq = (n: number, options: FrequencyOptions = {}): Tensor =>
  frequencies('rfftfreq', n, Math.floor(n / 2) + 1, options);

export interface ShiftOptions {
  /** All axes by default: name those of the numbers when the last one is that of complex parts. */
  readonly axis?: number | readonly number[];
}

const SHIFT_OPTIONS: Kinds<ShiftOptions> = { axis: 'numbers' };

/** Rolls some axes by so many of their places. */
function rolled(where: string, x: Tensor, options: ShiftOptions, by: (n: number) => number): Tensor {
  checkTensors(where, { x });
  checkKinds(where, options, SHIFT_OPTIONS);
  return normalizeAxes(where, options.axis, x.shape.length).reduce((y, axis) => {
    const n = extent(y.shape, axis);
    const cut = n === 0 ? 0 : (n - by(n)) % n;
    if (cut === 0) return y;
    const part = (from: number, to: number): Tensor =>
      slice(y, {
        starts: y.shape.map((_, i) => (i === axis ? from : 0)),
        stops: y.shape.map((own, i) => (i === axis ? to : own)),
      });
    return concat([part(cut, n), part(0, cut)], { axis });
  }, x);
}

/** Moves the zero frequency to the middle, place floor(n / 2). @throws ShapeError for an axis that is not there. */
export const fftshift = (x: Tensor, options: ShiftOptions = {}): Tensor =>
  rolled('fftshift', x, options, (n) => Math.floor(n / 2));

/** The inverse of `fftshift`. @throws ShapeError for an axis that is not there. */
export const ifftshift = (x: Tensor, options: ShiftOptions = {}): Tensor =>
  rolled('ifftshift', x, options, (n) => Math.ceil(n / 2));
