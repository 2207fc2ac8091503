import { PalimpsestError } from '../errors';
import { rowCount } from './rows';

/**
 * Probabilities from logits, row by row. `logits` is [rows, classes], and so is the result.
 *
 *     p[n,c] = exp(z[n,c] - m[n]) / sum_j exp(z[n,j] - m[n]),  m[n] = max_k z[n,k]
 *
 * @throws ShapeError when the length is not a multiple of `classes`; PalimpsestError ERR_VALUE for a row that
 *   has no softmax (NaN, an infinite maximum).
 */
export function softmaxRows(logits: ArrayLike<number>, classes: number): Float64Array {
  const rows = rowCount('softmaxRows', logits, classes);
  const probabilities = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    let largest = -Infinity;
    for (let i = start; i < start + classes; i++) largest = Math.max(largest, logits[i] ?? Number.NaN);
    if (!Number.isFinite(largest)) {
      throw new PalimpsestError(
        'ERR_VALUE',
        `softmaxRows: finite logits expected, row ${row} has ${largest}`,
      );
    }
    let total = 0;
    for (let i = start; i < start + classes; i++) {
      const weight = Math.exp((logits[i] ?? 0) - largest);
      probabilities[i] = weight;
      total += weight;
    }
    for (let i = start; i < start + classes; i++) probabilities[i] = (probabilities[i] ?? 0) / total;
  }
  return probabilities;
}

/**
 * The probability that a model gives its own answer, one number per row.
 *
 *     confidence[n] = max_c softmax(z[n,:])[c]
 *
 * Range 1/classes to 1. Neither direction is better by itself: confidence on forgotten examples should be
 * that of examples never seen.
 */
export function softmaxConfidence(logits: ArrayLike<number>, classes: number): Float64Array {
  const probabilities = softmaxRows(logits, classes);
  const confidences = new Float64Array(probabilities.length / classes);
  for (let row = 0; row < confidences.length; row++) {
    confidences[row] = Math.max(...probabilities.subarray(row * classes, (row + 1) * classes));
  }
  return confidences;
}
