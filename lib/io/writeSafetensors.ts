import { FormatError, PalimpsestError } from '../errors';
import type { DType } from '../graph/dtype';
import { evaluate } from '../graph/evaluate';
import { Tensor } from '../graph/tensor';
import { atomicWrite, type WriteOptions } from './atomicWrite';
import { bytesOf, byteLengthOf, type HostTensor } from './tensorBytes';

const NAMES: Readonly<Record<DType, string>> = {
  float32: 'F32',
  float64: 'F64',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
  bfloat16: 'BF16',
  float16: 'F16',
  int64: 'I64',
};

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

export interface SafetensorsWriteOptions extends WriteOptions {
  /** Texts for `__metadata__`, written in the order given. Default: none. */
  readonly metadata?: Iterable<readonly [string, string]> | Readonly<Record<string, string>> | undefined;
}

/**
 * Writes a safetensors file: whole or not at all, tensor by tensor. The same tensors give the same bytes: they come in
 * the order given, without gaps, after a header that is padded with spaces to a multiple of 8 bytes. Tensors that were
 * not evaluated are, all in one program.
 *
 * @example
 * await writeSafetensors('model.safetensors', model.parameters, { metadata: { format: 'pt' } });
 * @throws FormatError for a name that the format cannot hold: a repeated one, `__metadata__`, or half a surrogate pair.
 * @throws PalimpsestError ERR_IO; AbortedError. The file is as it was then.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Tensor | HostTensor]>,
  options: SafetensorsWriteOptions = {},
): Promise<void> {
  const entries = [...tensors];
  const { metadata = [], signal } = options;
  const header = headerOf(entries, [...(isIterable(metadata) ? metadata : Object.entries(metadata))]);
  const sources = entries.map(([, source]) => source);
  await evaluate(
    sources.filter((source) => source instanceof Tensor),
    { signal },
  );
  await atomicWrite(
    path,
    async (write) => {
      await write(header);
      for (const source of sources) for await (const bytes of bytesOf(source, signal)) await write(bytes);
    },
    { signal },
  );
}

const isIterable = <T>(value: Iterable<T> | object): value is Iterable<T> => Symbol.iterator in value;

/** Eight bytes of length, then the JSON text. Keys have the order of the reference implementation. */
function headerOf(
  entries: readonly (readonly [string, Tensor | HostTensor])[],
  metadata: readonly (readonly [string, string])[],
): Uint8Array {
  const members: string[] = [];
  if (metadata.length > 0) {
    checkNames('the metadata', metadata);
    const texts = metadata.map(([key, text]) => `${quoted(key)}:${quoted(text)}`);
    members.push(`"__metadata__":{${texts.join(',')}}`);
  }
  checkNames('the tensors', entries);
  let begin = 0;
  for (const [name, source] of entries) {
    if (name === '__metadata__')
      throw new FormatError("writeSafetensors: '__metadata__' cannot name a tensor");
    const end = begin + byteLengthOf(source);
    const shape = `[${source.shape.join(',')}]`;
    members.push(
      `${quoted(name)}:{"dtype":"${NAMES[source.dtype]}","shape":${shape},"data_offsets":[${begin},${end}]}`,
    );
    begin = end;
  }
  const text = Buffer.from(`{${members.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES || !Number.isSafeInteger(begin)) {
    throw new PalimpsestError(
      'ERR_SIZE',
      `writeSafetensors: a header of ${length} bytes for ${begin} bytes is too much`,
    );
  }
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length), 0);
  text.copy(header, 8);
  return header;
}

function checkNames(what: string, entries: readonly (readonly [string, unknown])[]): void {
  const names = new Set<string>();
  for (const [name] of entries) {
    if (names.has(name)) throw new FormatError(`writeSafetensors: ${what} hold '${name}' twice`);
    names.add(name);
  }
}

function quoted(text: string): string {
  if (typeof text !== 'string') {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `writeSafetensors: names and metadata are strings, got ${typeof text}`,
    );
  }
  if (Buffer.from(text).toString() !== text) {
    throw new FormatError(`writeSafetensors: ${JSON.stringify(text)} holds half a surrogate pair`);
  }
  return JSON.stringify(text);
}
