import { predictionEntropy } from '../../lib/metrics/predictionEntropy';

/** Decimal places that a few float64 operations keep. */
const DIGITS = 14;

describe('predictionEntropy', () => {
  it('is ln(classes) for a model that knows nothing and 0 for one that is certain', () => {
    const entropy = predictionEntropy([2, 2, 2, 2, 1000, 0, 0, 0], 4);
    expect(entropy[0]).toBeCloseTo(Math.log(4), DIGITS);
    expect(entropy[1]).toBe(0);
  });

  it('is minus the mean logarithm of the probabilities', () => {
    // p = (1/4, 3/4): H = (ln 4)/4 + 3 (ln 4/3)/4 = 0.5623351446188083
    expect(predictionEntropy([0, Math.log(3)], 2)[0]).toBeCloseTo(0.5623351446188083, DIGITS);
  });
});
