import { DTypeError, PalimpsestError, ShapeError } from '../errors';
import { checkKinds, type Kinds } from '../graph/call';
import {
  isFloat,
  isHalf,
  type DType,
  type FloatDType,
  type HalfDType,
  type WideFloatDType,
} from '../graph/dtype';
import { defineOp, single, type Op } from '../graph/op';
import { checkShape, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { add, cast, div, less, mul } from '../ops/elementwise/arithmetic';
import { floor } from '../ops/elementwise/math';
import { checkKey } from './key';

interface Draw {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An op whose element i depends on the key and on i alone. */
const defineDraw = (name: string): Op<Draw> =>
  defineOp<Draw>(name, {
    infer: ([key], { shape, dtype }) => {
      checkKey(name, key);
      return { shape, dtype };
    },
    lower: { kernel: name },
    constant: true,
  });

const bitsOp = defineDraw('randomBits');
const uniformOp = defineDraw('randomUniform');
const normalOp = defineDraw('randomNormal');
const permutationOp = defineDraw('permutation');

function draw(op: Op<Draw>, where: string, key: Tensor, shape: Shape, dtype: WideFloatDType): Tensor {
  checkShape(where, shape);
  checkKey(where, key);
  return single(op([key], { shape: [...shape], dtype }));
}

/** What numbers of 16 bits are drawn in; they are rounded afterwards. */
export function drawnIn(where: string, dtype: FloatDType): WideFloatDType {
  if (!isFloat(dtype)) throw new DTypeError(`${where}: a float dtype expected, got ${String(dtype)}`);
  return isHalf(dtype) ? 'float32' : dtype;
}

/** Multiples of 2^-11 (float16) or 2^-8 (bfloat16) below 1: rounding to them could give 1. */
function cutToHalf(fraction: Tensor, dtype: HalfDType): Tensor {
  const steps = dtype === 'float16' ? 2 ** 11 : 2 ** 8;
  return cast(div(floor(mul(fraction, steps)), steps), dtype);
}

/** 32 random bits per element, as int32: the raw words of the stream. */
export function randomBits(key: Tensor, shape: Shape): Tensor {
  checkKey('randomBits', key);
  checkShape('randomBits', shape);
  return single(bitsOp([key], { shape: [...shape], dtype: 'int32' }));
}

export interface UniformOptions {
  /** Default 0. */
  readonly low?: number;
  /** Default 1. */
  readonly high?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const UNIFORM_OPTIONS: Kinds<UniformOptions> = { low: 'number', high: 'number', dtype: 'dtype' };

/**
 * Uniform numbers in [low, high): `low + (high - low) u` for u a multiple of 2^-24 (float32), 2^-53 (float64), 2^-11
 * (float16) or 2^-8 (bfloat16) below 1.
 * Rounding may give `high` itself where it is not 1 or `low` is not 0.
 * @throws PalimpsestError ERR_VALUE unless low <= high, both finite.
 */
export function uniform(key: Tensor, shape: Shape, options: UniformOptions = {}): Tensor {
  checkKey('uniform', key);
  checkKinds('uniform', options, UNIFORM_OPTIONS);
  const { low = 0, high = 1, dtype = 'float32' } = options;
  if (!(low <= high && Number.isFinite(high - low))) {
    throw new PalimpsestError('ERR_VALUE', `uniform: low <= high expected, got ${low} and ${high}`);
  }
  const drawn = draw(uniformOp, 'uniform', key, shape, drawnIn('uniform', dtype));
  const fraction = isHalf(dtype) ? cutToHalf(drawn, dtype) : drawn;
  const scaled = high - low === 1 ? fraction : mul(fraction, high - low);
  return low === 0 ? scaled : add(scaled, low);
}

export interface NormalOptions {
  /** Default 0. */
  readonly mean?: number;
  /** The standard deviation. Default 1. */
  readonly deviation?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const NORMAL_OPTIONS: Kinds<NormalOptions> = { mean: 'number', deviation: 'number', dtype: 'dtype' };

/**
 * Normally distributed numbers, `mean + deviation z`.
 * @throws PalimpsestError ERR_VALUE for a mean that is not finite or a deviation below 0.
 */
export function normal(key: Tensor, shape: Shape, options: NormalOptions = {}): Tensor {
  checkKey('normal', key);
  checkKinds('normal', options, NORMAL_OPTIONS);
  const { mean = 0, deviation = 1, dtype = 'float32' } = options;
  if (!(deviation >= 0 && Number.isFinite(deviation) && Number.isFinite(mean))) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `normal: a finite mean and a deviation of 0 or more expected, got ${mean} and ${deviation}`,
    );
  }
  const standard = draw(normalOp, 'normal', key, shape, drawnIn('normal', dtype));
  const scaled = deviation === 1 ? standard : mul(standard, deviation);
  return cast(mean === 0 ? scaled : add(scaled, mean), dtype);
}

export interface BernoulliOptions {
  /** Of true; a float32 tensor that broadcasts to the shape gives one per element. Default 0.5. */
  readonly probability?: number | Tensor;
}

const BERNOULLI_OPTIONS: Kinds<BernoulliOptions> = { probability: 'operand' };

/** True with the given probability, which counts in steps of 2^-24. */
export function bernoulli(key: Tensor, shape: Shape, options: BernoulliOptions = {}): Tensor {
  checkKey('bernoulli', key);
  checkKinds('bernoulli', options, BERNOULLI_OPTIONS);
  const { probability = 0.5 } = options;
  if (typeof probability === 'number' && !(probability >= 0 && probability <= 1)) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `bernoulli: a probability from 0 to 1 expected, got ${probability}`,
    );
  }
  return less(uniform(key, shape), probability);
}

export interface RandomIntegerOptions {
  /** The smallest. Default 0. */
  readonly low?: number;
  /** One more than the largest. */
  readonly high: number;
}

const RANDOM_INTEGER_OPTIONS: Kinds<RandomIntegerOptions> = { low: 'number', high: 'number' };

/**
 * int32 integers, each of `low, ..., high - 1` equally likely up to 2^-21 of its probability.
 * @throws PalimpsestError ERR_VALUE unless low < high, both int32 numbers but for `high`, which may be 2^31.
 */
export function randomInteger(key: Tensor, shape: Shape, options: RandomIntegerOptions): Tensor {
  checkKey('randomInteger', key);
  checkKinds('randomInteger', options, RANDOM_INTEGER_OPTIONS);
  const { low = 0, high } = options;
  const isBound = (n: number, most: number): boolean => Number.isInteger(n) && n >= -(2 ** 31) && n <= most;
  if (!isBound(low, 2 ** 31 - 1) || !isBound(high, 2 ** 31) || low >= high) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `randomInteger: int32 bounds low < high expected, got ${low} and ${high}`,
    );
  }
  // In float64 u n < n for every n <= 2^32, so the floor is in range.
  return cast(add(floor(mul(uniform(key, shape, { dtype: 'float64' }), high - low)), low), 'int32');
}

/** The numbers 0, ..., n - 1 in random order, int32 [n]: every order is equally likely. */
export function permutation(key: Tensor, n: number): Tensor {
  checkKey('permutation', key);
  checkShape('permutation', [n]);
  if (n >= 2 ** 31) throw new ShapeError(`permutation: fewer than 2^31 indices expected, got ${n}`);
  return single(permutationOp([key], { shape: [n], dtype: 'int32' }));
}
