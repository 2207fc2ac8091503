import { open } from 'node:fs/promises';

import { FormatError, OptionError, ShapeError } from '../errors';
import { formatShape, type Shape } from '../graph/shape';
import { ioError } from '../io/ioError';
import { isHalf, type AnyTypedArray } from '../graph/dtype';
import { fromHalfBits } from '../graph/halves/halfBits';
import type { HostTensor } from '../io/tensorBytes';
import { readCsv, type CsvOptions } from './csv';
import { readIdx } from './idx';
import { LabeledSet } from './labeledSet';
import { readNpy } from './npy';
import type { Features } from './patch';

export interface LoadOptions {
  /** Default: the largest label plus one. */
  readonly classCount?: number | undefined;
  /** Shape of one example. Default: that of the file; images of an idx file get one channel, [1, H, W]. */
  readonly exampleShape?: Shape | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The images of one idx file with the labels of another. @throws FormatError; ShapeError when the counts differ. */
export async function loadIdx(
  images: string,
  labels: string,
  options: LoadOptions = {},
): Promise<LabeledSet> {
  const run = options.signal ? { signal: options.signal } : {};
  const [examples, classes] = await Promise.all([readIdx(images, run), readIdx(labels, run)]);
  const [, ...shape] = examples.shape;
  return assembled(
    { path: images, dtype: 'uint8', ...examples },
    { path: labels, dtype: 'uint8', ...classes },
    { ...options, exampleShape: options.exampleShape ?? (shape.length === 2 ? [1, ...shape] : shape) },
  );
}

/**
 * The examples of one npy file [N, ...] with the labels [N] of another. Bytes stay bytes, everything else becomes
 * float32.
 * @throws FormatError, also for a number that float32 cannot hold; ShapeError when the counts differ.
 */
export async function loadNpy(
  features: string,
  labels: string,
  options: LoadOptions = {},
): Promise<LabeledSet> {
  const run = options.signal ? { signal: options.signal } : {};
  const [examples, classes] = await Promise.all([readNpy(features, run), readNpy(labels, run)]);
  return assembled({ path: features, ...examples }, { path: labels, ...classes }, options);
}

/**
 * Loads a labelled set from files of any known format, told by their first bytes: idx or npy, one file of examples and
 * one of labels, or a single CSV file.
 *
 * @example
 * await loadLabeledSet('train-images-idx3-ubyte', 'train-labels-idx1-ubyte');
 * await loadLabeledSet('forget.csv', undefined, { label: 'digit' });
 * @throws OptionError when the file of labels is missing, or one too many; FormatError; PalimpsestError ERR_IO.
 */
export async function loadLabeledSet(
  path: string,
  labels?: string,
  options: LoadOptions & CsvOptions = {},
): Promise<LabeledSet> {
  const format = await formatOf(path);
  if (format === 'csv') {
    if (labels === undefined) return readCsv(path, options);
    throw new OptionError(
      `loadLabeledSet: '${path}' is CSV and holds its labels itself; no second file expected`,
    );
  }
  if (labels === undefined) {
    throw new OptionError(`loadLabeledSet: '${path}' is ${format} and needs a second file with the labels`);
  }
  return format === 'idx' ? loadIdx(path, labels, options) : loadNpy(path, labels, options);
}

/** Which of the formats a file is in, by its first bytes. */
async function formatOf(path: string): Promise<'idx' | 'npy' | 'csv'> {
  const start = Buffer.alloc(6);
  try {
    const file = await open(path);
    try {
      await file.read(start, 0, start.length, 0);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw ioError('read', path, error);
  }
  if (start.toString('latin1') === '\x93NUMPY') return 'npy';
  if (start.readUInt16BE(0) === 0x1f8b) {
    throw new FormatError(`'${path}': the file is compressed; unpack it with gunzip first`);
  }
  return start.readUInt16BE(0) === 0 ? 'idx' : 'csv';
}

interface FileArray extends HostTensor {
  readonly path: string;
}

function assembled(examples: FileArray, classes: FileArray, options: LoadOptions): LabeledSet {
  const [count, ...exampleShape] = examples.shape;
  if (count === undefined || classes.shape.length !== 1 || classes.shape[0] !== count) {
    throw new ShapeError(
      `'${classes.path}': labels [N] expected, one per example of '${examples.path}' ` +
        `${formatShape(examples.shape)}, got ${formatShape(classes.shape)}`,
    );
  }
  const labels = Array.from<number | bigint, number>(numbersOf(classes), Number);
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (wrong >= 0) {
    throw new FormatError(
      `'${classes.path}': label ${wrong} is ${labels[wrong] ?? ''}; a class number expected`,
    );
  }
  return LabeledSet.of({
    features: asFeatures(examples),
    labels,
    exampleShape: options.exampleShape ?? exampleShape,
    classCount: options.classCount,
  });
}

/** Bytes as they are, everything else as float32: fractions rounded, nothing lost otherwise. */
function asFeatures({ path, dtype, data }: FileArray): Features {
  if (data instanceof Float32Array) return data;
  if (dtype === 'uint8' && data instanceof Uint8Array) return data;
  const numbers = numbersOf({ dtype, data });
  const floats = Float32Array.from<number | bigint>(numbers, Number);
  const lost = floats.findIndex((float, i) => {
    const value = numbers[i] ?? 0;
    if (typeof value === 'bigint') return BigInt(float) !== value;
    return dtype === 'float64' ? Number.isFinite(value) && !Number.isFinite(float) : float !== value;
  });
  if (lost >= 0)
    throw new FormatError(`'${path}': number ${lost}, ${numbers[lost] ?? ''}, does not fit into float32`);
  return floats;
}

/** The numbers that are stored: the bits of 16-bit floats taken for what they stand for. */
const numbersOf = ({ dtype, data }: Pick<HostTensor, 'dtype' | 'data'>): AnyTypedArray | BigInt64Array =>
  isHalf(dtype) ? fromHalfBits(dtype, data as Uint16Array) : (data as AnyTypedArray | BigInt64Array);
