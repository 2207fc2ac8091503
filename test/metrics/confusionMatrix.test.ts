import { confusionMatrix } from '../../lib/metrics/confusionMatrix';

describe('confusionMatrix', () => {
  it('has true classes as rows and predictions as columns', () => {
    expect(confusionMatrix([0, 2, 2, 1, 0], [0, 0, 2, 1, 1], 3)).toEqual([
      [1, 0, 1],
      [1, 1, 0],
      [0, 0, 1],
    ]);
  });

  it('is zero for no examples', () => {
    expect(confusionMatrix([], [], 2)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it.each([
    [[2], [0]],
    [[0], [-1]],
    [[0.5], [0]],
  ])('refuses classes outside its range: %j against %j', (predictions, labels) => {
    expect(() => confusionMatrix(predictions, labels, 2)).toThrow('classes 0 to 1 expected');
  });

  it('refuses lists of different lengths', () => {
    expect(() => confusionMatrix([1, 1], [1], 2)).toThrow('got 2 and 1');
  });
});
