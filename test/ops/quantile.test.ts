import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { quantile, type Interpolation } from '../../lib/ops/sort/quantile';

const VALUES = [0.3, 2, 7, 7.5, -1, 4, 4.25];
const FRACTIONS = [0, 0.1, 0.25, 0.5, 0.8, 0.93, 1];
/** Decimals of the numbers below. */
const DIGITS = 12;

/** What NumPy's `quantile` gives for these numbers. */
const EXPECTED: Record<Interpolation, readonly number[]> = {
  linear: [-1, -0.22, 1.15, 4, 6.45, 7.29, 7.5],
  lower: [-1, -1, 0.3, 4, 4.25, 7, 7.5],
  higher: [-1, 0.3, 2, 4, 7, 7.5, 7.5],
  midpoint: [-1, -0.35, 1.15, 4, 5.625, 7.25, 7.5],
  nearest: [-1, 0.3, 2, 4, 7, 7.5, 7.5],
  weibull: [-1, -1, 0.3, 4, 7.2, 7.5, 7.5],
  hazen: [-1, -0.74, 0.725, 4, 7.05, 7.5, 7.5],
  medianUnbiased: [-1, -0.9133333333333333, 0.583333333333333, 4, 7.1, 7.5, 7.5],
  normalUnbiased: [-1, -0.87, 0.61875, 4, 7.0875, 7.5, 7.5],
  interpolatedInvertedCdf: [-1, -1, -0.025, 3, 5.9, 7.255, 7.5],
};

test.each(Object.entries(EXPECTED))('%s is what NumPy has', async (interpolation, expected) => {
  const options = { interpolation: interpolation as Interpolation };
  const actual = await quantile(tensor(VALUES, { dtype: 'float64' }), FRACTIONS, options).data();
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, DIGITS));
});

test.each([
  [
    'a fraction beyond 1',
    () => quantile(tensor([1]), 1.5),
    'quantile: fractions from 0 to 1 expected, got 1.5',
  ],
  [
    'another interpolation',
    () => quantile(tensor([1]), 0.5, { interpolation: 'cubic' as Interpolation }),
    "got 'cubic'",
  ],
  ['no elements', () => quantile(tensor([]), 0.5), 'quantile: an axis with elements expected'],
])('refuses %s', (_what, run, message) => {
  expect(run).toThrow(message);
});
