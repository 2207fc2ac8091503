import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

import { unzipSync, Zip, ZipDeflate, ZipPassThrough } from 'fflate';

import { checkOptions, FormatError, OptionError, PalimpsestError } from '../errors';
import { evaluate } from '../graph/evaluate';
import { Tensor } from '../graph/tensor';
import { checkAborted } from '../io/abort';
import { atomicWrite, type WriteBytes, type WriteOptions } from '../io/atomicWrite';
import { readBytes } from '../io/readBytes';
import { byteLengthOf, bytesOf, type HostTensor } from '../io/tensorBytes';
import { npyHeader, parseNpy } from './npy';
import { zipDirectory, type ZipEntry } from './zipDirectory';

const SUFFIX = '.npy';
/** Deflate packs nothing more densely. */
const DENSEST = 1032;
/** Beyond it a zip archive needs numbers of 64 bits, which its writer does not have. */
const LARGEST_ARCHIVE = 2 ** 32 - 1;

export interface ReadNpzOptions {
  readonly signal?: AbortSignal | undefined;
  /** The most bytes that the arrays may take together. Default 4 GiB. */
  readonly maxBytes?: number;
}

/**
 * Reads the arrays of an npz file (numpy's `savez` and `savez_compressed`) by name, in the order of the file; each as
 * `readNpy` gives it. Every array is checked against the archive's checksum.
 *
 * @example
 * const arrays = await readNpz('activations.npz');
 * const x = fromExchange(arrays.get('x'));
 * @throws FormatError with the path and the reason; PalimpsestError ERR_SIZE for more than `maxBytes`; ERR_IO; AbortedError.
 */
export async function readNpz(
  path: string,
  { signal, maxBytes = 2 ** 32 }: ReadNpzOptions = {},
): Promise<ReadonlyMap<string, HostTensor>> {
  return parseNpz(await readBytes(path, signal), path, maxBytes, signal);
}

/** Reads an npz file from memory; `where` names it in errors. */
export async function parseNpz(
  bytes: Uint8Array,
  where: string,
  maxBytes = 2 ** 32,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, HostTensor>> {
  const refuse = (reason: string): never => {
    throw new FormatError(`'${where}': npz: ${reason}`);
  };
  const entries = zipDirectory(bytes, refuse);
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > DENSEST * bytes.length) refuse(`${total} bytes do not come out of ${bytes.length}`);
  if (!(total <= maxBytes)) {
    throw new PalimpsestError(
      'ERR_SIZE',
      `'${where}': npz: arrays of ${total} bytes; maxBytes is ${maxBytes}`,
    );
  }
  const arrays = new Map<string, HostTensor>();
  for (const entry of entries) {
    checkAborted('readNpz', signal);
    const name = entry.name.endsWith(SUFFIX) ? entry.name.slice(0, -SUFFIX.length) : entry.name;
    if (arrays.has(name)) refuse(`'${name}' appears twice`);
    arrays.set(name, parseNpy(unpacked(bytes, entry, refuse), `${where}: ${entry.name}`));
    await setImmediate();
  }
  return arrays;
}

function unpacked(
  bytes: Uint8Array,
  { name, checksum, size }: ZipEntry,
  refuse: (reason: string) => never,
): Uint8Array {
  let content: Uint8Array | undefined;
  try {
    content = unzipSync(bytes, { filter: (file) => file.name === name && file.originalSize === size })[name];
  } catch (error) {
    refuse(`'${name}' cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (content?.length !== size || crc32(content) !== checksum) return refuse(`'${name}' is damaged`);
  return content;
}

export interface WriteNpzOptions extends WriteOptions {
  /** Pack the arrays (numpy's `savez_compressed`). Default false. */
  readonly compress?: boolean;
}

/** Small enough to pack in a millisecond or two. */
const PACKED_PIECE_BYTES = 1 << 17;

/**
 * Writes arrays as an npz file, whole or not at all: an npy file for each, in their order. The same arrays give the same bytes.
 * Tensors that were not evaluated are.
 *
 * @example
 * await writeNpz('weights.npz', model.parameters);
 * await writeNpz('batch.npz', Object.entries({ x, labels }), { compress: true });
 * @throws OptionError for a name that is empty or appears twice; DTypeError for bfloat16, which npy does not have;
 *   PalimpsestError ERR_SIZE for 4 GiB and more; ERR_IO; AbortedError.
 */
export async function writeNpz(
  path: string,
  arrays: Iterable<readonly [name: string, array: Tensor | HostTensor]>,
  options: WriteNpzOptions = {},
): Promise<void> {
  checkOptions('writeNpz', options, ['compress', 'signal']);
  const { compress = false, signal } = options;
  const files = [...arrays].map(([name, array]) => ({ name, array, header: npyHeader('writeNpz', array) }));
  checkNames(files.map(({ name }) => name));
  const total = files.reduce(
    (sum, { name, array, header }) => sum + byteLengthOf(array) + header.length + 2 * name.length + 256,
    0,
  );
  if (total > LARGEST_ARCHIVE)
    throw new PalimpsestError('ERR_SIZE', `writeNpz: ${total} bytes; an archive holds less than 4 GiB`);
  await evaluate(
    files.flatMap(({ array }) => (array instanceof Tensor ? [array] : [])),
    { signal },
  );
  await atomicWrite(
    path,
    async (write) => {
      const archive = new Archive(write);
      for (const { name, array, header } of files) {
        const file = archive.file(name + SUFFIX, compress);
        await file(header, false);
        for await (const piece of bytesOf(array, signal)) {
          for (let at = 0; at < piece.length; at += PACKED_PIECE_BYTES) {
            await file(piece.subarray(at, at + PACKED_PIECE_BYTES), false);
            if (compress) await setImmediate();
          }
        }
        await file(new Uint8Array(0), true);
      }
      await archive.end();
    },
    options,
  );
}

function checkNames(names: readonly string[]): void {
  names.forEach((name, i) => {
    if (name === '') throw new OptionError('writeNpz: an array needs a name');
    if (names.indexOf(name) < i) throw new OptionError(`writeNpz: '${name}' appears twice`);
  });
}

/** A zip archive that goes to a file as it is made. */
class Archive {
  readonly #chunks: Uint8Array[] = [];
  readonly #zip = new Zip((error, chunk) => {
    if (error) throw error;
    this.#chunks.push(chunk);
  });

  constructor(readonly write: WriteBytes) {}

  /** Begins a file; what it returns appends to it. */
  file(name: string, compress: boolean): (bytes: Uint8Array, isLast: boolean) => Promise<void> {
    const file = compress ? new ZipDeflate(name, { level: 6 }) : new ZipPassThrough(name);
    // The first day that zip archives know, as numpy writes it.
    file.mtime = new Date(1980, 0, 1);
    this.#zip.add(file);
    return (bytes, isLast) => {
      file.push(bytes, isLast);
      return this.#flush();
    };
  }

  end(): Promise<void> {
    this.#zip.end();
    return this.#flush();
  }

  async #flush(): Promise<void> {
    for (const chunk of this.#chunks.splice(0)) await this.write(chunk);
  }
}
