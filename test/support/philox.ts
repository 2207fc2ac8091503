const MASK = 0xffffffffn;

/** Philox4x32-10 as the paper gives it, in integers of any size: four words for a counter and a key. */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [a, b, c, d] = counter.map((word) => BigInt(word >>> 0)) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map((word) => BigInt(word >>> 0)) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const left = 0xd2511f53n * a;
    const right = 0xcd9e8d57n * c;
    [a, b, c, d] = [(right >> 32n) ^ b ^ k0, right & MASK, (left >> 32n) ^ d ^ k1, left & MASK];
    k0 = (k0 + 0x9e3779b9n) & MASK;
    k1 = (k1 + 0xbb67ae85n) & MASK;
  }
  return [a, b, c, d].map(Number);
}

/** Words of a stream: 0 for draws, 1 for permutations, 2 for keys, 3 for folded keys. */
export function wordsOf(key: readonly number[], stream: number, count: number): number[] {
  const words: number[] = [];
  for (let block = 0; words.length < count; block++) words.push(...philox([block, 0, stream, 0], key));
  return words.slice(0, count);
}

/** Pairs of words as 64-bit words. */
export function wideWordsOf(key: readonly number[], stream: number, count: number): bigint[] {
  const words = wordsOf(key, stream, 2 * count);
  return Array.from({ length: count }, (_, i) => BigInt(words[2 * i]!) | (BigInt(words[2 * i + 1]!) << 32n));
}
