import { accuracy, predictedClasses } from '../../lib/metrics/accuracy';

describe('predictedClasses', () => {
  it('is the column of the largest logit, the first of equal ones', () => {
    expect([...predictedClasses([1, 3, 2, 5, 5, 0, -2, -9, -1], 3)]).toEqual([1, 0, 2]);
  });

  it('knows infinite logits and refuses NaN', () => {
    expect([...predictedClasses([-Infinity, -Infinity, 0, Infinity], 2)]).toEqual([0, 1]);
    expect(() => predictedClasses([0, 1, Number.NaN, 2], 2)).toThrow('row 1 holds NaN in column 0');
  });

  it('refuses broken rows and absurd class counts', () => {
    expect(() => predictedClasses([1, 2, 3], 2)).toThrow('rows of 2 numbers expected, got 3 numbers');
    expect(() => predictedClasses([1, 2], 0)).toThrow('a positive number of classes expected, got 0');
    expect(() => predictedClasses([1, 2], 1.5)).toThrow('got 1.5');
  });
});

describe('accuracy', () => {
  it('is the share of right predictions', () => {
    expect(accuracy([7, 2, 1, 4], [7, 2, 0, 3])).toBe(0.5);
    expect(accuracy(Int32Array.of(3), Uint8Array.of(3))).toBe(1);
    expect(accuracy([1], [2])).toBe(0);
  });

  it('refuses what has no accuracy', () => {
    expect(() => accuracy([1], [1, 2])).toThrow('got 1 predictions and 2 labels');
    expect(() => accuracy([], [])).toThrow('at least one expected');
  });
});
