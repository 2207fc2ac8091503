import { OptionError } from '../errors';
import { LabeledSet } from '../data/labeledSet';
import { loadLabeledSet } from '../data/load';

/** How the user's files are to be read. */
export interface FileFlags {
  /** Column of class numbers in CSV files: a name, or a number from 0 (from the end when negative). */
  readonly label?: string;
  /** False when CSV files begin with data. */
  readonly header: boolean;
  /** Features are grey values from 0 to 255, as in images, whatever the file holds them as. */
  readonly pixels?: boolean;
}

/**
 * Reads a labelled set from the files of one option: examples and labels (idx, npy), or one CSV file.
 *
 * @throws OptionError for more than two files, or pixels that are none; what `loadLabeledSet` throws.
 */
export async function readFiles(
  option: string,
  files: readonly string[],
  { label, header, pixels = false }: FileFlags,
  { classCount, signal }: { readonly classCount: number; readonly signal: AbortSignal },
): Promise<LabeledSet> {
  const [examples, labels, ...others] = files;
  if (examples === undefined || others.length > 0) {
    throw new OptionError(
      `${option}: one CSV file, or a file of examples and one of labels expected, got ${files.length} files`,
    );
  }
  const set = await loadLabeledSet(examples, labels, {
    header,
    classCount,
    signal,
    ...(label === undefined ? {} : { label: /^-?\d+$/.test(label) ? Number(label) : label }),
  });
  return pixels && set.dtype !== 'uint8' ? asPixels(option, set) : set;
}

/** The same set with bytes as features, which models scale to 0 ... 1. */
function asPixels(option: string, set: LabeledSet): LabeledSet {
  const { features } = set;
  const wrong = features.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value <= 255));
  if (wrong >= 0) {
    throw new OptionError(
      `${option}: with --pixels, integers from 0 to 255 expected, got ${features[wrong] ?? ''}`,
    );
  }
  return LabeledSet.of({
    features: Uint8Array.from(features),
    labels: set.labels,
    exampleShape: set.exampleShape,
    classCount: set.classCount,
  });
}
