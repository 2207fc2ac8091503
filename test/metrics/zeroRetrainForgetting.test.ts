import { zeroRetrainForgetting } from '../../lib/metrics/zeroRetrainForgetting';

/** Decimal places that a few float64 operations keep. */
const DIGITS = 14;
const SURE_OF_FIRST = [1000, 0];
const SURE_OF_SECOND = [0, 1000];

describe('zeroRetrainForgetting', () => {
  it('is 1 when both networks answer the same', () => {
    expect(zeroRetrainForgetting([3, 1, 0, 2], [3, 1, 0, 2], 2)).toBe(1);
  });

  it('is 0 in bits and 1 - ln 2 in nats when they never agree', () => {
    expect(zeroRetrainForgetting(SURE_OF_FIRST, SURE_OF_SECOND, 2)).toBeCloseTo(0, DIGITS);
    const inNats = zeroRetrainForgetting(SURE_OF_FIRST, SURE_OF_SECOND, 2, { unit: 'nats' });
    expect(inNats).toBeCloseTo(1 - Math.LN2, DIGITS);
  });

  it('is one minus the Jensen-Shannon divergence', () => {
    // p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4): KL(p||m) = log2(4/3), KL(q||m) = 1 - log2(3)/2,
    // so JS = (log2(4/3) + 1 - log2(3)/2)/2 = 0.3112781244591328 bits.
    expect(zeroRetrainForgetting(SURE_OF_FIRST, [0, 0], 2)).toBeCloseTo(1 - 0.3112781244591328, DIGITS);
  });

  it('is the mean over examples, the same whichever network comes first', () => {
    const [a, b] = [
      [...SURE_OF_FIRST, 0, 0],
      [...SURE_OF_SECOND, 0, 0],
    ];
    expect(zeroRetrainForgetting(a, b, 2)).toBeCloseTo(0.5, DIGITS);
    expect(zeroRetrainForgetting(b, a, 2)).toBe(zeroRetrainForgetting(a, b, 2));
  });

  it('refuses empty and unequal lists, and names a misspelled option', () => {
    expect(() => zeroRetrainForgetting([], [], 2)).toThrow('got 0 and 0');
    expect(() => zeroRetrainForgetting([1, 2], [1, 2, 3, 4], 2)).toThrow('got 2 and 4');
    expect(() => zeroRetrainForgetting([1, 2], [1, 2], 2, { units: 'bits' } as object)).toThrow(
      "did you mean 'unit'?",
    );
  });
});
