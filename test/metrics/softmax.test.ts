import { softmaxConfidence, softmaxRows } from '../../lib/metrics/softmax';

/** Decimal places that a few float64 operations keep. */
const DIGITS = 14;

describe('softmaxRows', () => {
  it('gives the probabilities of each row', () => {
    // exp(0), exp(ln 2), exp(ln 5) are in proportion 1 : 2 : 5.
    const p = softmaxRows([0, Math.log(2), Math.log(5), 7, 7, 7], 3);
    [1 / 8, 2 / 8, 5 / 8, 1 / 3, 1 / 3, 1 / 3].forEach((expected, i) =>
      expect(p[i]).toBeCloseTo(expected, DIGITS),
    );
  });

  it('neither overflows nor underflows', () => {
    expect([...softmaxRows([1000, 0, -1000, -1001, 5, -Infinity], 2)].every(Number.isFinite)).toBe(true);
    expect([...softmaxRows([1000, 0], 2)]).toEqual([1, 0]);
  });

  it.each([[[Number.NaN, 0]], [[0, Number.NaN]], [[Infinity, 0]], [[-Infinity, -Infinity]]])(
    'refuses rows without a softmax: %p',
    (row) => {
      expect(() => softmaxRows(row, 2)).toThrow('finite logits expected, row 0');
    },
  );
});

describe('softmaxConfidence', () => {
  it('is the largest probability of each row', () => {
    const confidence = softmaxConfidence([0, Math.log(3), 4, 4], 2);
    expect(confidence[0]).toBeCloseTo(0.75, DIGITS);
    expect(confidence[1]).toBeCloseTo(0.5, DIGITS);
  });
});
