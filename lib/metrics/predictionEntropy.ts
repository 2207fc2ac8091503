import { softmaxRows } from './softmax';

/**
 * Entropy of each prediction, in nats.
 *
 *     H[n] = -sum_c p[n,c] ln p[n,c],  p = softmax(z),  0 ln 0 = 0
 *
 * Range 0 (certain) to ln(classes) (knows nothing). The feature of the membership-inference attack: a model
 * is more certain of what it was trained on.
 *
 * @throws ShapeError, PalimpsestError ERR_VALUE as `softmaxRows` does.
 * @example
 * predictionEntropy([0, 0], 2); // [0.6931...]
 */
export function predictionEntropy(logits: ArrayLike<number>, classes: number): Float64Array {
  const probabilities = softmaxRows(logits, classes);
  const entropies = new Float64Array(probabilities.length / classes);
  for (let row = 0; row < entropies.length; row++) {
    let entropy = 0;
    for (const p of probabilities.subarray(row * classes, (row + 1) * classes)) {
      if (p > 0) entropy -= p * Math.log(p);
    }
    entropies[row] = entropy;
  }
  return entropies;
}
