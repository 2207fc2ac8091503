import { PalimpsestError, ShapeError } from '../errors';

/** One number per example: how sure the model is of it, for instance `predictionEntropy`. */
export interface MembershipFeatures {
  /** Of training examples that the model keeps: known members. */
  readonly retain: ArrayLike<number>;
  /** Of examples that no model has seen: known non-members. */
  readonly test: ArrayLike<number>;
  /** Of the examples that were to be forgotten: members or not, that is the question. */
  readonly forget: ArrayLike<number>;
}

export interface MembershipInference {
  /** Share of the forget set that the attack calls members. The aim is the value of a retrained model. */
  readonly forgetMemberRate: number;
  /** Mean of the shares of retain and test examples judged right; at 0.5 the attack has learned nothing. */
  readonly trainAccuracy: number;
}

/**
 * Membership-inference attack by a logistic regression on one feature. It learns to tell the retain set (1)
 * from the test set (0), both weighing the same whatever their sizes, then judges the forget set.
 *
 *     min over a, b:  a^2/2 + sum_n s_n ln(1 + exp(-y_n (a x_n + b))),  y = 1 or -1,  s_n = N / (2 N_class)
 *     member:  a x + b > 0
 *
 * The minimum is found by Newton's method, hence the same on every run.
 *
 * The attack of Foster et al., "Fast Machine Unlearning Without Retraining Through Selective Synaptic
 * Dampening", AAAI 2024, there on prediction entropy.
 *
 * @throws ShapeError for an empty set; PalimpsestError ERR_VALUE for a feature that is not finite.
 * @example
 * const entropies = (logits: Float32Array) => predictionEntropy(logits, 10);
 * membershipInference({ retain: entropies(r), test: entropies(t), forget: entropies(f) }).forgetMemberRate;
 */
export function membershipInference(features: MembershipFeatures): MembershipInference {
  for (const name of ['retain', 'test', 'forget'] as const) checkFeatures(name, features[name]);
  const { slope, intercept } = fitLogistic(features.retain, features.test);
  const memberRate = (values: ArrayLike<number>): number => {
    let members = 0;
    for (let n = 0; n < values.length; n++) if (slope * (values[n] ?? 0) + intercept > 0) members += 1;
    return members / values.length;
  };
  return {
    forgetMemberRate: memberRate(features.forget),
    trainAccuracy: (memberRate(features.retain) + 1 - memberRate(features.test)) / 2,
  };
}

function checkFeatures(name: string, values: ArrayLike<number>): void {
  if (values.length === 0) throw new ShapeError(`membershipInference: the ${name} set is empty`);
  for (let n = 0; n < values.length; n++) {
    if (!Number.isFinite(values[n])) {
      throw new PalimpsestError(
        'ERR_VALUE',
        `membershipInference: finite features expected, ${name}[${n}] is ${String(values[n])}`,
      );
    }
  }
}

interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/** Loss, gradient and Hessian of the penalised, balanced logistic loss at one point. */
interface Local {
  readonly loss: number;
  readonly gradient: readonly [number, number];
  readonly hessian: readonly [slope: number, mixed: number, intercept: number];
}

const MOST_STEPS = 200;
/**
 * Relative decrement from which the last step is taken: Newton's method squares its error there, so one step
 * more brings all digits, while losses this near to the smallest can no longer be told apart.
 */
const LAST_DECREMENT = 1e-10;

/**
 * Newton's method with halved steps: the loss is convex, and the penalty bounds the slope on separable data.
 */
function fitLogistic(positives: ArrayLike<number>, negatives: ArrayLike<number>): Line {
  let line: Line = { slope: 0, intercept: 0 };
  let local = lossAt(line, positives, negatives);
  for (let iteration = 0; iteration < MOST_STEPS; iteration++) {
    const step = newtonStep(local);
    if (!step) break;
    let scale = 1;
    const next = (): Line => ({
      slope: line.slope + scale * step.slope,
      intercept: line.intercept + scale * step.intercept,
    });
    if (step.decrement < LAST_DECREMENT * local.loss) return next();
    let there = lossAt(next(), positives, negatives);
    while (there.loss > local.loss && scale > 1e-12) {
      scale /= 2;
      there = lossAt(next(), positives, negatives);
    }
    [line, local] = [next(), there];
  }
  return line;
}

/** `-H^-1 g` and `g^T H^-1 g`; undefined when the loss is flat to all digits. */
function newtonStep({ gradient, hessian }: Local): (Line & { readonly decrement: number }) | undefined {
  const [ga, gb] = gradient;
  const [haa, hab, hbb] = hessian;
  const determinant = haa * hbb - hab * hab;
  if (!(determinant > 0)) return undefined;
  const slope = -(hbb * ga - hab * gb) / determinant;
  const intercept = -(haa * gb - hab * ga) / determinant;
  return { slope, intercept, decrement: -(ga * slope + gb * intercept) };
}

function lossAt(line: Line, positives: ArrayLike<number>, negatives: ArrayLike<number>): Local {
  const total = positives.length + negatives.length;
  // a^2/2 on the slope alone: an intercept costs nothing.
  let loss = (line.slope * line.slope) / 2;
  let [ga, gb, haa, hab, hbb] = [line.slope, 0, 1, 0, 0];
  for (const [values, sign] of [
    [positives, 1],
    [negatives, -1],
  ] as const) {
    const weight = total / (2 * values.length);
    for (let n = 0; n < values.length; n++) {
      const x = values[n] ?? 0;
      const margin = sign * (line.slope * x + line.intercept);
      // Both written with exp(-|margin|), which cannot overflow.
      const tail = Math.exp(-Math.abs(margin));
      const miss = margin > 0 ? tail / (1 + tail) : 1 / (1 + tail); // 1 - sigmoid(margin)
      loss += weight * (Math.log1p(tail) + Math.max(0, -margin));
      const pull = -weight * sign * miss;
      const curvature = weight * miss * (1 - miss);
      ga += pull * x;
      gb += pull;
      haa += curvature * x * x;
      hab += curvature * x;
      hbb += curvature;
    }
  }
  return { loss, gradient: [ga, gb], hessian: [haa, hab, hbb] };
}
