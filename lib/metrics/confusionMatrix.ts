import { PalimpsestError, ShapeError } from '../errors';

/**
 * Counts of examples by true class (row) and predicted class (column).
 *
 *     C[i][j] = #{n : labels[n] = i, predictions[n] = j}
 *
 * Counts from 0 up; the diagonal holds the right answers, each row sums to the size of its class.
 *
 * @throws ShapeError for lists of different lengths; PalimpsestError ERR_INDEX for an unknown class.
 * @example
 * confusionMatrix([0, 1, 1], [0, 0, 1], 2); // [[1, 1], [0, 1]]
 */
export function confusionMatrix(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number[][] {
  if (predictions.length !== labels.length) {
    throw new ShapeError(
      `confusionMatrix: one prediction per label expected, got ${predictions.length} and ${labels.length}`,
    );
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let n = 0; n < labels.length; n++) {
    const [label, prediction] = [labels[n] ?? -1, predictions[n] ?? -1];
    const row = counts[label];
    if (row?.[prediction] === undefined) {
      throw new PalimpsestError(
        'ERR_INDEX',
        `confusionMatrix: classes 0 to ${classes - 1} expected, got label ${label} and prediction ` +
          `${prediction} at ${n}`,
      );
    }
    row[prediction] += 1;
  }
  return counts;
}
