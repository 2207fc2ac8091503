import { PalimpsestError, ShapeError } from '../errors';
import { rowCount } from './rows';

/**
 * The class with the largest logit of each row, of equal ones the first. `logits` is [rows, classes].
 *
 * @throws ShapeError when the length is not a multiple of `classes`; PalimpsestError ERR_VALUE for NaN.
 */
export function predictedClasses(logits: ArrayLike<number>, classes: number): Int32Array {
  const rows = rowCount('predictedClasses', logits, classes);
  const predictions = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    let bestLogit = -Infinity;
    for (let column = 0; column < classes; column++) {
      const logit = logits[row * classes + column] ?? Number.NaN;
      if (Number.isNaN(logit)) {
        throw new PalimpsestError('ERR_VALUE', `predictedClasses: row ${row} holds NaN in column ${column}`);
      }
      if (logit > bestLogit) [best, bestLogit] = [column, logit];
    }
    predictions[row] = best;
  }
  return predictions;
}

/**
 * Share of predictions that equal their label.
 *
 *     accuracy = (1/N) #{n : predictions[n] = labels[n]}
 *
 * Range 0 to 1. Higher is better on what a model should know, lower on what it was asked to forget.
 *
 * @throws ShapeError for lists of different lengths, or empty ones (0/0 has no value).
 * @example
 * accuracy([7, 2, 1], [7, 2, 0]); // 2/3
 */
export function accuracy(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (predictions.length !== labels.length || labels.length === 0) {
    throw new ShapeError(
      `accuracy: one prediction per label and at least one expected, got ${predictions.length} predictions ` +
        `and ${labels.length} labels`,
    );
  }
  let right = 0;
  for (let n = 0; n < labels.length; n++) if (predictions[n] === labels[n]) right += 1;
  return right / labels.length;
}
