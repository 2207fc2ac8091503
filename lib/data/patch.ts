import { OptionError, ShapeError } from '../errors';
import { extent, formatShape, sizeOf, type Shape } from '../graph/shape';

/** Numbers of examples, one after the other: pixels as bytes, or floats. */
export type Features = Uint8Array | Float32Array;

/** A square in the bottom right corner of every channel: the trigger of a backdoor. */
export interface Patch {
  /** Rows and columns that it covers. */
  readonly size: number;
  /** What its pixels become. Default: 255 for bytes, and for floats the largest feature of the data. */
  readonly value?: number;
}

/** A patch with its value filled in. */
export type Stamp = Required<Patch>;

/**
 * Checks a patch against images [H, W] or [C, H, W], and fills in its value.
 * @throws ShapeError for examples that are no images; OptionError for a size or a value that does not fit.
 */
export function stampOf(patch: Patch, exampleShape: Shape, features: readonly Features[]): Stamp {
  const rank = exampleShape.length;
  if (rank !== 2 && rank !== 3) {
    throw new ShapeError(
      `withPatch: images [H, W] or [C, H, W] expected, examples are ${formatShape(exampleShape)}`,
    );
  }
  const largest = Math.min(extent(exampleShape, -2), extent(exampleShape, -1));
  if (!Number.isInteger(patch.size) || patch.size < 1 || patch.size > largest) {
    throw new OptionError(`withPatch: size must be an integer in [1, ${largest}], got ${patch.size}`);
  }
  const bytes = features.every((array) => array instanceof Uint8Array);
  const value = patch.value ?? (bytes ? 255 : features.reduce(largestOf, -Infinity));
  if (bytes ? !Number.isInteger(value) || value < 0 || value > 255 : !Number.isFinite(value)) {
    throw new OptionError(
      `withPatch: value must be ${bytes ? 'an integer in [0, 255]' : 'finite'}, got ${value}`,
    );
  }
  return { size: patch.size, value };
}

const largestOf = (bound: number, array: Features): number =>
  (array as Float32Array).reduce((largest, value) => Math.max(largest, value), bound);

/** Draws the patch into the image that starts at `offset`. */
export function stamp({ size, value }: Stamp, target: Features, offset: number, exampleShape: Shape): void {
  const [height, width] = [extent(exampleShape, -2), extent(exampleShape, -1)];
  const channels = sizeOf(exampleShape.slice(0, -2));
  for (let channel = 0; channel < channels; channel++) {
    for (let row = height - size; row < height; row++) {
      const end = offset + (channel * height + row + 1) * width;
      target.fill(value, end - size, end);
    }
  }
}
