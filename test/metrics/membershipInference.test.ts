import { membershipInference } from '../../lib/metrics/membershipInference';

describe('membershipInference', () => {
  it('draws the line midway between two groups, whatever their sizes', () => {
    // Both classes weigh N/2: the problem is symmetric about 1. Without balance the line would move right.
    const groups = { retain: [0, 0, 0, 0, 0], test: [2] };
    expect(membershipInference({ ...groups, forget: [0.999999, 1.000001] })).toEqual({
      forgetMemberRate: 0.5,
      trainAccuracy: 1,
    });
  });

  it('solves the balanced, penalised problem', () => {
    // retain {0, 1}, test {1, 2}: symmetric about 1, hence a + b = 0; both classes judge 1 as undecided.
    const result = membershipInference({ retain: [0, 1], test: [1, 2], forget: [0.9, 0.99, 1.01] });
    expect(result.forgetMemberRate).toBeCloseTo(2 / 3, 15);
  });

  it('finds the line of the logistic model in large samples', () => {
    // P(x = 1) is 0.2 among members and 0.6 among others: log-odds ln(0.8/0.4) at 0, ln(0.2/0.6) at 1; the
    // line crosses zero at ln 2 / (ln 2 + ln 3) = 0.38685.
    const sample = (share: number) => Array.from({ length: 100_000 }, (_, n) => (n < share * 1e5 ? 1 : 0));
    const groups = { retain: sample(0.2), test: sample(0.6) };
    const result = membershipInference({ ...groups, forget: [0.3867, 0.387] });
    expect(result.forgetMemberRate).toBe(0.5);
    expect(result.trainAccuracy).toBeCloseTo(0.7, 12);
  });

  it('learns nothing from sets that are alike', () => {
    const values = [0.1, 0.4, 0.2, 0.9];
    expect(membershipInference({ retain: values, test: values, forget: values }).trainAccuracy).toBe(0.5);
  });

  it('separates what is separable, whatever the scale', () => {
    for (const scale of [1e-6, 1, 1e6]) {
      const at = (values: number[]) => values.map((value) => value * scale);
      const result = membershipInference({
        retain: at([1, 2, 3]),
        test: at([7, 8, 9]),
        forget: at([2, 4.9, 5.1, 8]),
      });
      expect(result).toEqual({ forgetMemberRate: 0.5, trainAccuracy: 1 });
    }
  });

  it('refuses empty sets and features that are not finite', () => {
    expect(() => membershipInference({ retain: [], test: [1], forget: [1] })).toThrow(
      'the retain set is empty',
    );
    expect(() => membershipInference({ retain: [1], test: [1], forget: [1, Number.NaN] })).toThrow(
      'forget[1] is NaN',
    );
  });
});
