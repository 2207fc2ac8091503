import { FormatError } from '../../errors';
import { tensor } from '../../graph/create';
import type { StoredArray } from '../../graph/dtype';
import { fromHalfBits } from '../../graph/halves/halfBits';
import { Parameters } from '../../graph/parameters';
import { formatShape, type Shape } from '../../graph/shape';

/** How a weight's numbers are stored: as float16, or as whole numbers, of which `min + scale q` are the values. */
interface Quantization {
  readonly dtype: 'float16' | 'uint8' | 'uint16';
  readonly min: number;
  readonly scale: number;
}

/** A weight of a manifest, checked. */
interface WeightEntry {
  readonly name: string;
  readonly shape: Shape;
  readonly size: number;
  readonly dtype: 'float32' | 'int32' | 'uint8' | 'bool';
  readonly quantization: Quantization | undefined;
}

/** Weights that lie one after the other in the bytes of some files. */
export interface WeightGroup {
  /** Relative to the manifest. */
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
}

const DTYPES = ['float32', 'int32', 'uint8', 'bool'] as const;
const QUANTIZED = ['float16', 'uint8', 'uint16'] as const;
const BYTES = { float32: 4, int32: 4, uint8: 1, bool: 1, float16: 2, uint16: 2 } as const;
const MAX_AXES = 16;

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The groups of a TensorFlow.js weights manifest: what is under `weightsManifest` of a `model.json`, or all of a
 * `*-weights_manifest.json`. `where` names the text in messages.
 * @throws FormatError that names the weight and the field which is wrong.
 */
export function parseManifest(manifest: unknown, where: string): WeightGroup[] {
  if (!Array.isArray(manifest)) throw new FormatError(`${where}: a list of groups of weights expected`);
  return manifest.map((group: unknown, i) => {
    if (!isObject(group) || !Array.isArray(group['paths']) || !Array.isArray(group['weights']))
      throw new FormatError(`${where}: group ${i} needs the lists 'paths' and 'weights'`);
    const paths = group['paths'].map((path: unknown) => {
      if (typeof path === 'string' && path !== '' && !/(^|[\\/])\.\.([\\/]|$)|^[\\/]|:/.test(path))
        return path;
      throw new FormatError(
        `${where}: group ${i}: a path within the folder expected, got ${JSON.stringify(path)}`,
      );
    });
    return { paths, weights: group['weights'].map((weight: unknown) => entryOf(weight, where)) };
  });
}

function entryOf(weight: unknown, where: string): WeightEntry {
  if (!isObject(weight) || typeof weight['name'] !== 'string')
    throw new FormatError(`${where}: a weight without a name`);
  const { name, shape, dtype, quantization } = weight;
  const refuse = (text: string): never => {
    throw new FormatError(`${where}: weight '${name}': ${text}`);
  };
  if (!Array.isArray(shape) || shape.length > MAX_AXES || !shape.every(isExtent))
    return refuse(`a shape of at most ${MAX_AXES} extents expected, got ${JSON.stringify(shape)}`);
  const size = shape.reduce((product: number, extent: number) => product * extent, 1);
  if (!Number.isSafeInteger(size * 4)) return refuse(`the shape ${formatShape(shape)} is too large`);
  const known = DTYPES.find((own) => own === dtype);
  if (known === undefined)
    return refuse(`a dtype of ${DTYPES.join(', ')} expected, got ${JSON.stringify(dtype)}`);
  return { name, shape, size, dtype: known, quantization: quantizationOf(quantization, known, refuse) };
}

const isExtent = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function quantizationOf(
  given: unknown,
  dtype: WeightEntry['dtype'],
  refuse: (text: string) => never,
): Quantization | undefined {
  if (given === undefined) return undefined;
  const fields = isObject(given) ? given : {};
  const stored = QUANTIZED.find((own) => own === fields['dtype']);
  if (stored === undefined) return refuse(`a quantisation to ${QUANTIZED.join(', ')} expected`);
  if (dtype !== 'float32' && (dtype !== 'int32' || stored === 'float16'))
    return refuse(`${dtype} cannot be stored as ${stored}`);
  const { min = stored === 'float16' ? 0 : undefined, scale = stored === 'float16' ? 1 : undefined } = fields;
  if (
    typeof min !== 'number' ||
    typeof scale !== 'number' ||
    !Number.isFinite(min) ||
    !Number.isFinite(scale)
  )
    return refuse("a quantisation needs the finite numbers 'min' and 'scale'");
  return { dtype: stored, min, scale };
}

/**
 * The weights of a group from its bytes, in its order. Quantised numbers become `min + scale q` in their own dtype.
 * @throws FormatError unless the bytes are just those of the weights, or for a bool that is neither 0 nor 1.
 */
export function decodeWeights(group: WeightGroup, bytes: Uint8Array, where: string): Parameters {
  const widths = group.weights.map(
    ({ size, dtype, quantization }) => size * BYTES[quantization?.dtype ?? dtype],
  );
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total !== bytes.length)
    throw new FormatError(`${where}: the weights take ${total} bytes, the files hold ${bytes.length}`);
  let begin = 0;
  return new Parameters(
    group.weights.map((entry, i) => {
      // A copy, for alignment; `slice` of a Buffer would be none.
      const own = new Uint8Array(bytes.subarray(begin, (begin += widths[i] ?? 0))).buffer;
      return [entry.name, tensor(numbersOf(entry, own, where), { shape: entry.shape, dtype: entry.dtype })];
    }),
  );
}

function numbersOf(
  { name, dtype, quantization }: WeightEntry,
  bytes: ArrayBuffer,
  where: string,
): StoredArray {
  if (quantization) return dequantized(quantization, dtype, bytes);
  if (dtype === 'float32') return new Float32Array(bytes);
  if (dtype === 'int32') return new Int32Array(bytes);
  const numbers = new Uint8Array(bytes);
  if (dtype === 'bool' && numbers.some((value) => value > 1))
    throw new FormatError(`${where}: weight '${name}' is bool and holds other bytes than 0 and 1`);
  return numbers;
}

function dequantized(
  { dtype: stored, min, scale }: Quantization,
  dtype: WeightEntry['dtype'],
  bytes: ArrayBuffer,
): Float32Array | Int32Array {
  if (stored === 'float16') return fromHalfBits('float16', new Uint16Array(bytes));
  const whole = stored === 'uint8' ? new Uint8Array(bytes) : new Uint16Array(bytes);
  return dtype === 'int32'
    ? Int32Array.from(whole, (q) => Math.round(q * scale + min))
    : Float32Array.from(whole, (q) => q * scale + min);
}
