import { DTypeError, PalimpsestError } from '../../errors';
import { checkKinds, type Kinds } from '../../graph/call';
import { isFloat, type DType, type FloatDType } from '../../graph/dtype';
import { perOutput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { checkShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { equal, full } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { integerRange } from '../elementwise/promote';

interface Sequence {
  readonly count: number;
  readonly start: number;
  readonly step: number;
  readonly dtype: DType;
}

const iotaOp = defineOp<Sequence>('iota', {
  infer: (_inputs, { count, dtype }) => ({ shape: [count], dtype }),
  lower: { kernel: 'iota', takesHalves: true, attributes: ({ start, step }) => [start, step] },
  flops: perOutput(2),
  constant: true,
});

export interface IotaOptions {
  /** The first number. Default 0. */
  readonly start?: number;
  /** From one number to the next. Default 1. */
  readonly step?: number;
  /** Default int32. */
  readonly dtype?: DType;
}

const IOTA_OPTIONS: Kinds<IotaOptions> = { start: 'number', step: 'number', dtype: 'dtype' };

/**
 * `count` evenly spaced numbers: `y[i] = start + i step`, worked out in float64 and rounded once.
 * @throws DTypeError for bool; PalimpsestError ERR_VALUE for a number that an integer dtype does not hold.
 */
export function iota(count: number, options: IotaOptions = {}): Tensor {
  checkKinds('iota', options, IOTA_OPTIONS);
  const { start = 0, step = 1, dtype = 'int32' } = options;
  checkShape('iota', [count]);
  if (dtype === 'bool') throw new DTypeError('iota: a numeric dtype expected, got bool');
  const [least, most] = integerRange(dtype);
  for (const end of count > 0 && !isFloat(dtype) ? [start, start + (count - 1) * step] : []) {
    if (end < least || end > most) throw new PalimpsestError('ERR_VALUE', `iota: ${end} is not a ${dtype}`);
  }
  if (
    !Number.isFinite(start) ||
    !Number.isFinite(step) ||
    (!isFloat(dtype) && !Number.isInteger(start + step))
  ) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `iota: start and step must be ${dtype} numbers, got ${start} and ${step}`,
    );
  }
  return single(iotaOp([], { count, start, step, dtype }));
}

export interface LinspaceOptions {
  /** Whether the last number is `stop` itself. Default true. */
  readonly endpoint?: boolean;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const LINSPACE_OPTIONS: Kinds<LinspaceOptions> = { endpoint: 'boolean', dtype: 'dtype' };

/**
 * `count` evenly spaced numbers from `start` to `stop`: `y[i] = start + i (stop - start) / (count - 1)`, or divided by `count`
 * without the endpoint. The first is `start` and, with the endpoint, the last is `stop`, exactly.
 * @throws PalimpsestError ERR_VALUE for bounds that are not finite; ShapeError for a count that is no extent; DTypeError
 *   unless the dtype is a float.
 */
export function linspace(start: number, stop: number, count: number, options: LinspaceOptions = {}): Tensor {
  checkKinds('linspace', options, LINSPACE_OPTIONS);
  const { endpoint = true, dtype = 'float32' } = options;
  checkShape('linspace', [count]);
  if (!Number.isFinite(start) || !Number.isFinite(stop))
    throw new PalimpsestError('ERR_VALUE', `linspace: finite bounds expected, got ${start} and ${stop}`);
  if (!isFloat(dtype)) throw new DTypeError(`linspace: a float dtype expected, got ${String(dtype)}`);
  const gaps = endpoint ? count - 1 : count;
  const step = gaps > 0 ? (stop - start) / gaps : 0;
  const line = iota(count, { start, step, dtype });
  if (!endpoint || count < 2 || start + step * gaps === stop) return line;
  // Rounding took the last one past its place.
  return where(equal(iota(count), gaps), full([], stop, dtype), line);
}

/** The numbers `start, start + step, ...` before `stop`, as int32 unless told otherwise. */
export function arange(start: number, stop: number, step = 1, dtype: DType = 'int32'): Tensor {
  if (step === 0 || ![start, stop, step].every(Number.isFinite)) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `arange: finite numbers and a step other than 0 expected, got ${start}, ${stop} and step ${step}`,
    );
  }
  return iota(Math.max(0, Math.ceil((stop - start) / step)), { start, step, dtype });
}
