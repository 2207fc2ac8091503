/**
 * Numbers that are functions of a name and a place, so that any program in any language makes the same ones: word i of a
 * stream is splitmix64 of FNV-1a of the name,
 *
 *     seed = FNV-1a 64 of the name's UTF-8 bytes
 *     z = seed + (i + 1) 0x9E3779B97F4A7C15
 *     z = (z ^ (z >> 30)) 0xBF58476D1CE4E5B9;   z = (z ^ (z >> 27)) 0x94D049BB133111EB;   z = z ^ (z >> 31)
 *
 * on unsigned words of 64 bits. JavaScript's integers end at 53 bits, so a word is held as two halves of 32.
 */
const GOLDEN = [0x9e3779b9, 0x7f4a7c15] as const;
const FIRST = [0xbf58476d, 0x1ce4e5b9] as const;
const SECOND = [0x94d049bb, 0x133111eb] as const;

/** FNV-1a, 64 bits, of the name's UTF-8 bytes. */
function seedOf(name: string): bigint {
  let state = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name)) state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n);
  return state;
}

/** The upper half of the product of two halves. */
function upperProduct(a: number, b: number): number {
  const [a1, a0, b1, b0] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carried = (middle % 0x10000) + a0 * b1;
  return (a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000)) >>> 0;
}

/** Calls `use` with both halves of the stream's first words, in order. */
export function eachWord(
  name: string,
  count: number,
  use: (high: number, low: number, i: number) => void,
): void {
  const seed = seedOf(name);
  let [high, low] = [Number(seed >> 32n), Number(seed & 0xffffffffn)];
  for (let i = 0; i < count; i++) {
    const sum = low + GOLDEN[1];
    low = sum >>> 0;
    high = (high + GOLDEN[0] + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    let [h, l] = [high, low];
    l = (l ^ ((l >>> 30) | (h << 2))) >>> 0;
    h = (h ^ (h >>> 30)) >>> 0;
    h = (Math.imul(h, FIRST[1]) + Math.imul(l, FIRST[0]) + upperProduct(l, FIRST[1])) >>> 0;
    l = Math.imul(l, FIRST[1]) >>> 0;
    l = (l ^ ((l >>> 27) | (h << 5))) >>> 0;
    h = (h ^ (h >>> 27)) >>> 0;
    h = (Math.imul(h, SECOND[1]) + Math.imul(l, SECOND[0]) + upperProduct(l, SECOND[1])) >>> 0;
    l = Math.imul(l, SECOND[1]) >>> 0;
    use((h ^ (h >>> 31)) >>> 0, (l ^ ((l >>> 31) | (h << 1))) >>> 0, i);
  }
}

/** float32 numbers of [-scale, scale): the upper 24 bits of every word. */
export function uniformNumbers(name: string, count: number, scale = 1): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(count);
  const width = Math.fround(scale);
  eachWord(name, count, (high, _low, i) => {
    numbers[i] = ((high >>> 8) * 2 ** -23 - 1) * width;
  });
  return numbers;
}

/** int32 numbers of [0, high): the upper 31 bits of every word. */
export function integerNumbers(name: string, count: number, high: number): Int32Array<ArrayBuffer> {
  const numbers = new Int32Array(count);
  eachWord(name, count, (word, _low, i) => {
    numbers[i] = (word >>> 1) % high;
  });
  return numbers;
}

/** float64 numbers of [0, 1): the upper 24 bits of every word. */
export function unitNumbers(name: string, count: number): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(count);
  eachWord(name, count, (high, _low, i) => {
    numbers[i] = (high >>> 8) * 2 ** -24;
  });
  return numbers;
}

/** Standard normal float32 numbers by the transform of Box and Muller, whose two uniform numbers are in one word. */
export function normalNumbers(name: string, count: number): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(count);
  eachWord(name, count, (high, low, i) => {
    const u1 = ((high >>> 8) + 0.5) * 2 ** -24;
    const u2 = (((high & 0xff) << 16) | (low >>> 16)) * 2 ** -24;
    numbers[i] = Math.sqrt(-2 * Math.log(u1)) * Math.cos(2 * Math.PI * u2);
  });
  return numbers;
}

/** The numbers 0 ... count - 1 in an order that is a function of the name. */
export function namedOrder(name: string, count: number): number[] {
  const ranks = integerNumbers(name, count, 2 ** 31);
  return Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0) || a - b,
  );
}
