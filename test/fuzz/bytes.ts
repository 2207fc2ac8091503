/** Numbers in [0, bound) from a linear congruential generator: the same mutants in every run. */
export function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** What a hostile writer would put in: digits, structure, and the formats' own words. */
const FRAGMENTS = [
  ...['0', '9', '-', '99999999999', '1e999', '.5', '\n', '\r', ',', ';', '"', "'", ' ', '\0'],
  ...['[', ']', '{', '}', ':', '(', ')', '\\u0061', '__proto__', 'null', 'true', '../'],
  ...['F64', 'U8', 'BF16', '<f4', '>i8', '|O', 'fortran_order', 'PK\x03\x04', '\xff\xff\xff\xff'],
];

/** One to three changes: bytes replaced, bits turned, pieces cut, doubled or put in. */
export function mutated(good: Buffer, random: (bound: number) => number): Buffer {
  let bytes = Buffer.from(good);
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const at = random(bytes.length);
    const kind = random(5);
    const end = Math.min(bytes.length, at + 1 + random(8));
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else {
      const fragment = Buffer.from(FRAGMENTS[random(FRAGMENTS.length)] ?? '', 'latin1');
      bytes = Buffer.concat([bytes.subarray(0, at), fragment, bytes.subarray(end)]);
    }
  }
  return bytes;
}
