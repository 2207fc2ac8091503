import { arange } from '../../../lib/ops/indexing/iota';
import { normal, permutation, randomBits, uniform } from '../../../lib/random';
import { randomKey, type Family } from '../row';

const SHAPE = [4096, 2048] as const;

/** Numbers out of nothing. */
export const random: Family = {
  name: 'random',
  about: 'drawing and counting 8M numbers, permuting 1M; what counts is every output written once',
  rows: [
    { kernel: 'randomBits', detail: '', inputs: [randomKey], run: ([key]) => randomBits(key, SHAPE) },
    { kernel: 'randomUniform', detail: '', inputs: [randomKey], run: ([key]) => uniform(key, SHAPE) },
    { kernel: 'randomNormal', detail: '', inputs: [randomKey], run: ([key]) => normal(key, SHAPE) },
    { kernel: 'permutation', detail: '', inputs: [randomKey], run: ([key]) => permutation(key, 2 ** 20) },
    { kernel: 'iota', detail: '', inputs: [], run: () => arange(0, 2 ** 23) },
  ],
};
