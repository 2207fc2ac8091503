import { formatShape } from '../../lib/graph/shape';
import type { NdArray } from './array';

const LISTED = 6;

/**
 * The largest difference, relative to the largest magnitude that is expected. NaN and infinities must be in the same
 * places; they count as equal then.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let scale = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (Object.is(a, b) || a === b) {
      if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
      continue;
    }
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
    scale = Math.max(scale, Math.abs(b));
    difference = Math.max(difference, Math.abs(a - b));
  }
  return difference === 0 ? 0 : difference / scale;
}

/** Throws when two arrays differ by more than the tolerance allows; returns by how much they do. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): number {
  const error = relativeError(actual, expected);
  if (error <= tolerance) return error;
  const head = (values: ArrayLike<number>): string =>
    `[${Array.from(values).slice(0, LISTED).join(', ')}${values.length > LISTED ? ', ...' : ''}]`;
  throw new Error(
    `${what}: relative error ${error.toExponential(2)} > ${tolerance}\n  got      ${head(actual)}\n  expected ${head(expected)}`,
  );
}

/**
 * Throws unless every element agrees by itself: equal, both NaN, or within the tolerance of its own magnitude. Numbers
 * below `smallest`, the least that is normal, may come out as zero.
 */
export function expectEach(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  smallest: number,
  what: string,
): void {
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    const isClose =
      Object.is(a, b) || a === b || Math.abs(a - b) <= Math.max(tolerance * Math.abs(b), smallest);
    if (!isClose) throw new Error(`${what}: element ${i} is ${a}, expected ${b}`);
  }
}

export function expectShape(actual: readonly number[], expected: readonly number[], what: string): void {
  if (formatShape(actual) !== formatShape(expected)) {
    throw new Error(`${what}: shape ${formatShape(expected)} expected, got ${formatShape(actual)}`);
  }
}

export function expectArray(actual: NdArray, expected: NdArray, tolerance: number, what: string): void {
  expectShape(actual.shape, expected.shape, what);
  expectClose(actual.data, expected.data, tolerance, what);
}

/** Throws unless the arrays hold the same bits. */
export function expectSameBits(actual: ArrayBufferView, expected: ArrayBufferView, what: string): void {
  const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  if (!bytes(actual).equals(bytes(expected))) throw new Error(`${what}: the bits differ`);
}
