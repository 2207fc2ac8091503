/** What the header of an npy file says. */
export interface NpyHeader {
  /** numpy's name of the element type, '<f4' for example. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the data begin. */
  readonly dataStart: number;
}

const MAGIC = '\x93NUMPY';
/** Far more than any header of numpy's; it writes 118 or 246 bytes in practice. */
const MAX_HEADER = 1 << 16;
const MAX_AXES = 16;

/**
 * Reads the header: a magic word, a version, a length and the text of a Python dictionary with exactly the keys `descr`,
 * `fortran_order` and `shape`. The text is scanned, never evaluated, and nothing but literals of these kinds passes.
 */
export function parseNpyHeader(bytes: Uint8Array, refuse: (reason: string) => never): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (latin1(bytes, 0, MAGIC.length) !== MAGIC) refuse('the file does not start with \\x93NUMPY');
  if (bytes.length < 12) refuse('the header is cut short');
  const [major = 0, minor = 0] = bytes.subarray(6, 8);
  if ((major !== 1 && major !== 2) || minor !== 0) refuse(`version ${major}.${minor}; 1.0 and 2.0 are known`);
  const textStart = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER) refuse(`a header of ${length} bytes; at most ${MAX_HEADER} expected`);
  const dataStart = textStart + length;
  if (dataStart > bytes.length) refuse('the header is cut short');
  return { ...parseDictionary(latin1(bytes, textStart, dataStart), refuse), dataStart };
}

const latin1 = (bytes: Uint8Array, begin: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', begin, end);

function parseDictionary(text: string, refuse: (reason: string) => never): Omit<NpyHeader, 'dataStart'> {
  let position = 0;
  /** The next piece of the text, which must match; spaces before it are skipped. */
  const take = (pattern: RegExp, what: string): string => {
    const sticky = new RegExp(` *(${pattern.source})`, 'y');
    sticky.lastIndex = position;
    const match = sticky.exec(text);
    if (!match) return refuse(`${what} expected at character ${position} of the header`);
    position = sticky.lastIndex;
    return match[1] ?? '';
  };
  const found = new Map<string, string>();
  let separator = take(/\{/, "'{'");
  while (separator !== '}') {
    if (found.size > 0 && take(/\}?/, "'}'") === '}') break;
    const key = take(/'(?:descr|fortran_order|shape)'/, "'descr', 'fortran_order' or 'shape'").slice(1, -1);
    if (found.has(key)) refuse(`'${key}' appears twice in the header`);
    take(/:/, "':'");
    const [pattern, what] = VALUES[key as keyof typeof VALUES];
    found.set(key, take(pattern, what));
    separator = take(/[,}]/, "',' or '}'");
  }
  take(/[ \n]*$/, 'the end');
  const value = (key: string): string => found.get(key) ?? refuse(`'${key}' is missing in the header`);
  return {
    descr: value('descr').slice(1, -1),
    fortranOrder: value('fortran_order') === 'True',
    shape: shapeOf(value('shape'), refuse),
  };
}

const EXTENT = '(?:0|[1-9][0-9]*) *';
/** How the values are spelled: a tuple of one number has a comma. */
const VALUES = {
  descr: [/'[<>|=][a-zA-Z][0-9]+'/, 'the name of a plain type'],
  fortran_order: [/True|False/, 'True or False'],
  shape: [
    new RegExp(`\\( *\\)|\\( *${EXTENT}, *(?:${EXTENT}, *)*(?:${EXTENT})?\\)`),
    'a tuple of whole numbers',
  ],
} as const;

function shapeOf(tuple: string, refuse: (reason: string) => never): number[] {
  const digits = tuple.match(/[0-9]+/g) ?? [];
  if (digits.length > MAX_AXES) refuse(`${digits.length} axes; at most ${MAX_AXES} are known`);
  const shape = digits.map(Number);
  // An extent of 0 does not excuse the others: strides are computed from their product.
  const product = shape.reduce((size, extent) => size * Math.max(1, extent), 8);
  if (!Number.isSafeInteger(product)) refuse(`the shape (${digits.join(', ')}) is too large`);
  return shape;
}
