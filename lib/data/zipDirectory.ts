/** What a zip archive says of a file in it. */
export interface ZipEntry {
  readonly name: string;
  /** CRC-32 of the unpacked bytes. */
  readonly checksum: number;
  /** Of the unpacked bytes, as the archive claims. */
  readonly size: number;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCATOR_64 = 0x07064b50;
const END_64 = 0x06064b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LONGEST_COMMENT = 0xffff;
const IN_EXTRA_32 = 0xffffffff;

/** The directory at the end of a zip archive: what unpacked files are checked against. */
export function zipDirectory(bytes: Uint8Array, refuse: (reason: string) => never): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const inside = (at: number, length: number): number =>
    at >= 0 && at + length <= bytes.length ? at : refuse('the directory of the archive is cut short');
  const end = endOf(view) ?? refuse('the file is no zip archive, or its end is missing');
  let [count, at] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)];
  const hasLocator = end >= 20 && view.getUint32(end - 20, true) === LOCATOR_64;
  if (hasLocator) {
    const end64 = inside(Number(view.getBigUint64(end - 12, true)), 56);
    if (view.getUint32(end64, true) !== END_64) refuse('the directory of the archive is broken');
    count = Number(view.getBigUint64(end64 + 32, true));
    at = Number(view.getBigUint64(end64 + 48, true));
  }
  const entries: ZipEntry[] = [];
  while (entries.length < count) {
    inside(at, ENTRY_BYTES);
    if (view.getUint32(at, true) !== ENTRY) refuse('the directory of the archive is broken');
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    ) as [number, number, number];
    const extra = at + ENTRY_BYTES + nameBytes;
    inside(extra, extraBytes + commentBytes);
    const isUtf8 = (view.getUint16(at + 8, true) & 0x800) !== 0;
    const size = view.getUint32(at + 24, true);
    entries.push({
      name: Buffer.from(bytes.subarray(at + ENTRY_BYTES, extra)).toString(isUtf8 ? 'utf8' : 'latin1'),
      checksum: view.getUint32(at + 16, true),
      size: size === IN_EXTRA_32 ? largeSize(view, extra, extra + extraBytes, refuse) : size,
    });
    at = extra + extraBytes + commentBytes;
  }
  return entries;
}

function endOf(view: DataView): number | undefined {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  return undefined;
}

/** The unpacked size is the first number of the extra field of 64-bit sizes, when it does not fit its own. */
function largeSize(view: DataView, begin: number, end: number, refuse: (reason: string) => never): number {
  const SIZES_64 = 1;
  for (let at = begin; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) === SIZES_64 && at + 12 <= end)
      return Number(view.getBigUint64(at + 4, true));
  }
  return refuse('a size is missing in the directory of the archive');
}
