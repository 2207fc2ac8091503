import { DTypeError, PalimpsestError, ShapeError } from '../errors';
import { allocateStored, bytesPerElement, type DType, type StoredArray } from '../graph/dtype';
import { evaluate } from '../graph/evaluate';
import { tensor } from '../graph/create';
import type { Parameters } from '../graph/parameters';
import { formatShape, sameShape } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { bytesOf, type HostTensor } from '../io/tensorBytes';

/** What restores a parameter: the old values at the places that changed, or all of them when that is less. */
export interface OldValues {
  /** int32 [changed]; absent when all values are kept. */
  readonly indices?: () => Tensor | HostTensor;
  /** [changed], or of the parameter's shape. */
  readonly values: () => Tensor | HostTensor;
}

/** How one parameter differs from what it was. */
export interface ParameterChange {
  readonly name: string;
  /** How many of its numbers have other bits. */
  readonly changed: number;
  readonly old: OldValues;
}

/**
 * Which numbers differ, by their bits: NaN is equal to itself, and -0 differs from 0. Parameters without a difference
 * are left out.
 * @throws PalimpsestError ERR_PARAMETER, ShapeError or DTypeError unless both hold the same names, shapes and dtypes.
 */
export async function changesBetween(
  before: Parameters,
  after: Parameters,
  signal?: AbortSignal,
): Promise<ParameterChange[]> {
  checkSameKind(before, after);
  await evaluate([before, after], { signal });
  const changes: ParameterChange[] = [];
  for (const [name, old] of before) {
    const now = after.get(name);
    if (now === old) continue;
    let changed = 0;
    await differences(old, now, () => (changed += 1), signal);
    if (changed > 0) changes.push({ name, changed, old: await oldValues(old, now, changed, signal) });
  }
  return changes;
}

/** The parameter as it was. */
export async function restored(now: Tensor, { indices, values }: OldValues): Promise<Tensor> {
  const { shape, dtype } = now;
  const old = await numbersOf(values());
  if (!indices) return tensor(old, { shape, dtype });
  const data = await now.stored();
  const [target, source] = [wordsOf(data, dtype), wordsOf(old, dtype)];
  const width = target.length / Math.max(1, data.length);
  const places = (await numbersOf(indices())) as Int32Array;
  places.forEach((index, i) => {
    for (let word = 0; word < width; word++) target[index * width + word] = source[i * width + word] ?? 0;
  });
  return tensor(data, { shape, dtype });
}

/** The values at the changed places with their indices, or all of them where that takes fewer bytes. */
async function oldValues(
  old: Tensor,
  now: Tensor,
  changed: number,
  signal: AbortSignal | undefined,
): Promise<OldValues> {
  const { dtype, shape, size } = old;
  const sparseBytes = changed * (Int32Array.BYTES_PER_ELEMENT + bytesPerElement(dtype));
  if (sparseBytes >= old.bytes || size > MAX_INDEX) return kept({ dtype, shape, data: await old.stored() });
  const indices = new Int32Array(changed);
  const values = allocateStored(dtype, changed);
  const target = wordsOf(values, dtype);
  const width = target.length / changed;
  let next = 0;
  await differences(
    old,
    now,
    (index, words, word) => {
      indices[next] = index;
      for (let i = 0; i < width; i++) target[next * width + i] = words[word + i] ?? 0;
      next += 1;
    },
    signal,
  );
  return kept(flat(dtype, values), flat('int32', indices));
}

const MAX_INDEX = 2 ** 31 - 1;
const kept = (values: HostTensor, indices?: HostTensor): OldValues => ({
  values: () => values,
  ...(indices ? { indices: () => indices } : {}),
});
const flat = (dtype: DType, data: StoredArray): HostTensor => ({ dtype, shape: [data.length], data });

type Words = Uint8Array | Uint16Array | Uint32Array;

/** Calls `found` for every number that differs: with its index, and the words that its old bits start at a place of. */
async function differences(
  old: Tensor,
  now: Tensor,
  found: (index: number, words: Words, word: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const pieces = bytesOf(now, signal);
  const perNumber = Math.max(1, bytesPerElement(old.dtype) / Uint32Array.BYTES_PER_ELEMENT);
  let first = 0;
  for await (const piece of bytesOf(old, signal)) {
    const other = await pieces.next();
    if (other.done === true) throw new PalimpsestError('ERR_INTERNAL', 'weightChange: tensors of two sizes');
    const [a, b] = [wordsOf(piece, old.dtype), wordsOf(other.value, old.dtype)];
    for (let word = 0; word < a.length; word += perNumber) {
      if (a[word] === b[word] && (perNumber === 1 || a[word + 1] === b[word + 1])) continue;
      found(first + word / perNumber, a, word);
    }
    first += a.length / perNumber;
  }
}

/** Numbers as whole numbers, which never lose a bit on the way, unlike floats: bytes, or words of 16 or 32 bits. */
function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView, dtype: DType): Words {
  if (bytesPerElement(dtype) === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  return bytesPerElement(dtype) === 2
    ? new Uint16Array(buffer, byteOffset, byteLength / Uint16Array.BYTES_PER_ELEMENT)
    : new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT);
}

const numbersOf = async (source: Tensor | HostTensor): Promise<StoredArray> =>
  source instanceof Tensor ? await source.stored() : source.data;

function checkSameKind(before: Parameters, after: Parameters): void {
  const added = after.names.find((name) => !before.has(name));
  if (added !== undefined) {
    throw new PalimpsestError(
      'ERR_PARAMETER',
      `ledger: '${added}' is a parameter after the change, but not before`,
    );
  }
  for (const [name, old] of before) {
    if (!after.has(name)) {
      throw new PalimpsestError(
        'ERR_PARAMETER',
        `ledger: '${name}' is a parameter before the change, but not after`,
      );
    }
    const now = after.get(name);
    if (!sameShape(old.shape, now.shape)) {
      const shapes = `${formatShape(old.shape)} and ${formatShape(now.shape)}`;
      throw new ShapeError(`ledger: '${name}' has the shapes ${shapes} before and after; they must agree`);
    }
    if (old.dtype !== now.dtype) {
      throw new DTypeError(
        `ledger: '${name}' is ${old.dtype} before and ${now.dtype} after; they must agree`,
      );
    }
  }
}
