import { checkFunction, ExampleAxisError, ShapeError } from '../../errors';
import type { Site } from '../../graph/op';
import { formatShape, sameShape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { tensorsOf, withTensors } from '../../graph/tree';
import { ones } from '../../ops/elementwise/arithmetic';
import { identity } from '../../ops/shape/identity';
import { reshape } from '../../ops/shape/reshape';
import { variablesOf } from '../grad';
import { pullback } from '../pullback';
import { collectSites } from './collect';
import { PerExampleGradients, type Sources } from './gradients';
import { Taps } from './taps';
import { checkLosses, track, type Tracked } from './track';

/** One loss per example, shape [N], from parameters and a batch whose tensors all have the examples on axis 0. */
export type ExampleLosses<P, B extends readonly unknown[]> = (params: P, ...batch: B) => Tensor;

/**
 * The gradients of every example of a batch, in factored form. `perExample(losses)(params, ...batch)` traces the losses
 * once and goes back once; for every use of a parameter it keeps the activations that entered and the cotangents that
 * came back, with the example axis:
 *
 *     dL_n/dW = sum over uses s, sum_t A_s[n, t, :]^T G_s[n, t, :]
 *
 * The statistics below are computed from these factors and never store a gradient per example. They are exact for every
 * op, for parameters used several times, and for parameters that are transposed, reshaped, sliced, scaled or composed
 * (`W + A B`) before use.
 *
 * @example
 * const gradients = perExample((p, x, y) => softmaxCrossEntropy(model(p, x), y))(params, x, labels);
 * const fisher = gradients.sumSquares();          // before the 1/N
 * @throws ExampleAxisError naming the op, when one mixes examples (a mean over the batch, batch statistics).
 */
export function perExample<P, B extends readonly unknown[]>(
  losses: ExampleLosses<P, B>,
): (params: P, ...batch: B) => PerExampleGradients<P> {
  checkFunction('perExample', losses);
  return (params, ...batch) => {
    const count = countOf(tensorsOf(batch));
    const parameters = variablesOf('perExample', params);
    const inputs = tensorsOf(batch).map((tensor) => identity(tensor));
    const traced = losses(withTensors(params, parameters), ...withTensors(batch, inputs));
    if (!(traced instanceof Tensor))
      throw new ShapeError('perExample: the function must return a tensor of losses');
    const factored = (): Sources => factoredSources(track(traced, parameters, inputs), parameters, count);
    // The gradient of a single example is the ordinary one, and every axis could be called its example axis: what does not
    // need its factors does without.
    const sources = count === 1 ? singleSources(traced, parameters, factored) : factored();
    return new PerExampleGradients(params, count, sources);
  };
}

function factoredSources(tracked: Tracked, parameters: readonly Tensor[], count: number): Sources {
  checkLosses(tracked, count);
  const sites = collectSites(tracked, parameters);
  return {
    losses: tracked.losses,
    sites: parameters.map((parameter) => sites.get(parameter) ?? []),
    taps: new Taps(tracked.losses, count, tracked.axes),
  };
}

function singleSources(losses: Tensor, parameters: readonly Tensor[], factored: () => Sources): Sources {
  return { losses, sites: singleExample(losses, parameters), taps: new Taps(losses, 1), factored };
}

function countOf(batch: readonly Tensor[]): number {
  const [first] = batch;
  const count = first?.shape[0];
  if (!first || count === undefined || count === 0) {
    throw new ExampleAxisError('perExample: a batch of tensors with at least one example on axis 0 expected');
  }
  const other = batch.find((tensor) => tensor.shape[0] !== count);
  if (other) {
    throw new ExampleAxisError(
      `perExample: every tensor of the batch has the examples on axis 0, got ${formatShape(first.shape)} and ` +
        formatShape(other.shape),
    );
  }
  return count;
}

function singleExample(losses: Tensor, parameters: readonly Tensor[]): Site[][] {
  if (!sameShape(losses.shape, [1])) {
    throw new ExampleAxisError(
      `perExample: one loss per example expected, shape [1], got ${formatShape(losses.shape)}`,
    );
  }
  return pullback([losses], [ones([1], losses.dtype)], parameters).map((cotangent) =>
    cotangent ? [{ kind: 'dense', values: reshape(cotangent, [1, ...cotangent.shape]) }] : [],
  );
}
