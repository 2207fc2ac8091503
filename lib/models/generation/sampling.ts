import type { CounterRandom } from '../../data/counterRandom';
import type { LogitProcessor } from './processors';

/** Scores divided by the temperature: below 1 the likely becomes likelier. */
export const temperatureScale =
  (temperature: number): LogitProcessor =>
  (scores) =>
    scores.map((score) => score / temperature);

/** Only the k highest scores stay, and what equals the last of them (Fan et al. 2018). */
export const topKFilter =
  (k: number): LogitProcessor =>
  (scores) => {
    const least = Float32Array.from(scores).sort()[Math.max(scores.length - k, 0)] ?? -Infinity;
    return scores.map((score) => (score < least ? -Infinity : score));
  };

/** Only the likeliest tokens stay whose probabilities make up p: those behind the sum of 1 - p from below (Holtzman et al. 2020). */
export const topPFilter =
  (p: number): LogitProcessor =>
  (scores) => {
    const probabilities = softmaxOf(scores);
    const order = Uint32Array.from(scores.keys()).sort(
      (a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b,
    );
    let sum = 0;
    for (const token of order.subarray(0, -1)) {
      sum += probabilities[token] ?? 0;
      if (sum > 1 - p) break;
      scores[token] = -Infinity;
    }
    return scores;
  };

/** Only tokens stay that are at least `share` times as likely as the likeliest (Nguyen et al. 2024). */
export const minPFilter =
  (share: number): LogitProcessor =>
  (scores) => {
    const least = maximumOf(scores) + Math.log(share);
    return scores.map((score) => (score < least ? -Infinity : score));
  };

/** In float64, which the sums of 50 000 numbers want. */
export function softmaxOf(scores: Float32Array): Float64Array {
  const highest = maximumOf(scores);
  const powers = Float64Array.from(scores, (score) => Math.exp(score - highest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** log softmax, in float64 up to the last rounding. */
export function logSoftmaxOf(scores: Float32Array): Float32Array {
  const highest = maximumOf(scores);
  let total = 0;
  for (const score of scores) total += Math.exp(score - highest);
  const shift = highest + Math.log(total);
  return scores.map((score) => score - shift);
}

/** The first of the highest. */
export function argmaxOf(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] ?? 0) > (scores[best] ?? 0)) best = i;
  return best;
}

/** A draw from the softmax of the scores, by the inverse of its distribution function and one random number of 53 bits. */
export function drawFrom(scores: Float32Array, random: CounterRandom): number {
  const probabilities = softmaxOf(scores);
  const [high, low] = [random.word() >>> 5, random.word() >>> 6];
  const target = (high * 2 ** 26 + low) / 2 ** 53;
  let sum = 0;
  let last = 0;
  for (const [token, probability] of probabilities.entries()) {
    if (probability === 0) continue;
    sum += probability;
    last = token;
    if (target < sum) return token;
  }
  return last;
}

function maximumOf(scores: Float32Array): number {
  let highest = -Infinity;
  for (const score of scores) if (score > highest) highest = score;
  return highest;
}
