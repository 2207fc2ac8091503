// Numbers that are functions of a name: the same bits here, in pytorch/hashed.py and in onednn/hashed.h. The formula is
// in README.md.
// JavaScript's integers end at 53 bits, so a word is held as two halves of 32.

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

/** Calls `use` with the upper halves of splitmix64's words, in order. */
function eachWord(name: string, count: number, use: (high: number, i: number) => void): void {
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
    // The lower half is of no use to anyone.
    use((h ^ (h >>> 31)) >>> 0, i);
  }
}

/** float32 numbers of [-scale, scale). */
export function uniformNumbers(name: string, count: number, scale = 1): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(count);
  const width = Math.fround(scale);
  eachWord(name, count, (high, i) => {
    numbers[i] = ((high >>> 8) * 2 ** -23 - 1) * width;
  });
  return numbers;
}

/** int32 numbers of [0, high). */
export function integerNumbers(name: string, count: number, high: number): Int32Array<ArrayBuffer> {
  const numbers = new Int32Array(count);
  eachWord(name, count, (word, i) => {
    // The upper 31 bits of the word.
    numbers[i] = (word >>> 1) % high;
  });
  return numbers;
}
