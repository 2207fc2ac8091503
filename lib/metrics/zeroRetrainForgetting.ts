import { checkOptions, ShapeError } from '../errors';
import { softmaxRows } from './softmax';

/**
 * Zero-retrain forgetting (ZRF): how near the answers on the forget set, `p`, are to those of a network that
 * never learned, `q`.
 *
 *     ZRF = 1 - (1/N) sum_n JS(p_n, q_n)
 *     JS(p, q) = KL(p || m)/2 + KL(q || m)/2,  m = (p + q)/2
 *
 * In bits (the default) the range is 0 to 1, in nats 1 - ln 2 to 1. Near 1: forgotten, as good as random.
 * There is no better direction by itself: the value to aim at is that of a retrained model. Divergences are
 * summed over classes; implementations that average over them report values nearer to 1.
 *
 * Chundawat et al., "Can Bad Teaching Induce Forgetting?", AAAI 2023.
 *
 * @param logits of the edited model on the forget set, [rows, classes]
 * @param randomLogits of the random network on the same rows
 * @throws ShapeError for different or empty lists.
 */
export function zeroRetrainForgetting(
  logits: ArrayLike<number>,
  randomLogits: ArrayLike<number>,
  classes: number,
  options: { readonly unit?: 'bits' | 'nats' } = {},
): number {
  checkOptions('zeroRetrainForgetting', options, ['unit']);
  if (logits.length !== randomLogits.length || logits.length === 0) {
    throw new ShapeError(
      `zeroRetrainForgetting: the same, positive number of logits expected, got ${logits.length} and ` +
        `${randomLogits.length}`,
    );
  }
  const p = softmaxRows(logits, classes);
  const q = softmaxRows(randomLogits, classes);
  let divergence = 0;
  for (let i = 0; i < p.length; i++) {
    const [pi, qi] = [p[i] ?? 0, q[i] ?? 0];
    divergence += (term(pi, (pi + qi) / 2) + term(qi, (pi + qi) / 2)) / 2;
  }
  const rows = p.length / classes;
  return 1 - divergence / rows / (options.unit === 'nats' ? 1 : Math.LN2);
}

/** One term of a Kullback-Leibler divergence: `p ln(p/m)`, 0 for p = 0. */
function term(p: number, m: number): number {
  return p > 0 ? p * Math.log(p / m) : 0;
}
