import { DTypeError, ExampleAxisError, ShapeError } from '../../errors';
import type { Site } from '../../graph/op';
import { formatShape, sameShape, type Shape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { tensorsOf, withTensors } from '../../graph/tree';
import { add, ones, zeros } from '../../ops/elementwise/arithmetic';
import { sqrt } from '../../ops/elementwise/math';
import { identity } from '../../ops/shape/identity';
import { expandDims, reshape } from '../../ops/shape/reshape';
import { variablesOf } from '../grad';
import { pullback } from '../pullback';
import { stackedCount } from '../stacked';
import { collectSites } from './collect';
import * as statistics from './statistics';
import { checkLosses, track } from './track';

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
  return (params, ...batch) => {
    const count = countOf(tensorsOf(batch));
    const parameters = variablesOf('perExample', params);
    const inputs = tensorsOf(batch).map((tensor) => identity(tensor));
    const traced = losses(withTensors(params, parameters), ...withTensors(batch, inputs));
    if (!(traced instanceof Tensor))
      throw new ShapeError('perExample: the function must return a tensor of losses');
    // The gradient of a single example is the ordinary one, and every axis could be called its example axis.
    if (count === 1) return new PerExampleGradients(params, traced, count, singleExample(traced, parameters));
    const tracked = track(traced, parameters, inputs);
    checkLosses(tracked, count);
    const sites = collectSites(tracked, parameters);
    return new PerExampleGradients(
      params,
      tracked.losses,
      count,
      parameters.map((parameter) => sites.get(parameter) ?? []),
    );
  };
}

/** What `perExample` returns: see there. Trees of results are shaped like the parameters. */
export class PerExampleGradients<P> {
  readonly #params: P;
  readonly #tensors: readonly Tensor[];
  readonly #sites: readonly (readonly Site[])[];

  /**
   * Made by `perExample`.
   * @internal
   */
  constructor(
    params: P,
    /** The losses, [N]. */
    readonly losses: Tensor,
    /** How many examples there are. */
    readonly count: number,
    sites: readonly (readonly Site[])[],
  ) {
    this.#params = params;
    this.#tensors = tensorsOf(params);
    this.#sites = sites;
  }

  /** `sum_n (dL_n/dtheta)^2`, elementwise: the diagonal of the empirical Fisher before the division by N. */
  sumSquares(): P {
    return this.#perParameter((sites, { shape }) => statistics.sumSquares(sites, shape));
  }

  /**
   * `sum_n |dL_n/dtheta|`, elementwise. No factored form exists: gradients are stored a bounded number at a time, and the
   * cost is that of storing them.
   */
  sumAbsolute(): P {
    return this.#perParameter((sites, { shape }) => statistics.sumAbsolute(sites, shape));
  }

  /** `sum_n dL_n/dtheta`: the ordinary gradient of the summed losses. */
  sum(): P {
    return this.weightedSum(ones([this.count], this.losses.dtype));
  }

  /**
   * `sum_n w_n dL_n/dtheta` for weights [N], without going back again: clipping, group weights, attribution. For K
   * weightings [K, N] the results have a leading axis of K.
   * @throws ShapeError for weights of another shape; DTypeError for another dtype than that of the losses.
   */
  weightedSum(weights: Tensor): P {
    const many = weights.shape.length === 2;
    if ((!many && weights.shape.length !== 1) || weights.shape.at(-1) !== this.count) {
      throw new ShapeError(
        `weightedSum: weights of shape [${this.count}] or [K, ${this.count}] expected, got ` +
          formatShape(weights.shape),
      );
    }
    if (weights.dtype !== this.losses.dtype) {
      throw new DTypeError(`weightedSum: ${this.losses.dtype} weights expected, got ${weights.dtype}`);
    }
    const rows = many ? weights : expandDims(weights, 0);
    const leading = rows.shape.slice(0, 1);
    return this.#perParameter(
      (sites, { shape }) => {
        const sums = statistics.weightedSums(sites, rows, shape);
        return many ? sums : reshape(sums, shape);
      },
      ({ shape, dtype }) => zeros(many ? [...leading, ...shape] : shape, dtype),
    );
  }

  /** `|dL_n/dtheta|^2` over all parameters, [N]. */
  squaredNorms(): Tensor {
    return this.#overParameters((sites, { shape }) => statistics.squaredNorms(sites, shape));
  }

  /** `|dL_n/dtheta|` over all parameters, [N]. */
  norms(): Tensor {
    return sqrt(this.squaredNorms());
  }

  /**
   * `<dL_n/dtheta, v>` over all parameters, [N], for a direction shaped like them. For K directions, every tensor of `v`
   * with a leading axis of K, the result is [K, N].
   * @throws ShapeError for any other shape.
   */
  dot(v: P): Tensor {
    const directions = tensorsOf(v);
    const many = stackedCount('dot', 'a direction', this.#tensors, directions);
    const rows = many === null ? directions.map((direction) => expandDims(direction, 0)) : directions;
    const dots = this.#overParameters(
      (sites, _tensor, i) => statistics.dots(sites, rows[i] as Tensor),
      [many ?? 1, this.count],
    );
    return many === null ? reshape(dots, [this.count]) : dots;
  }

  /** The gradients themselves, [N, ...shape] per parameter. Memory: N times the parameters. */
  materialize(): P {
    return this.#perParameter(
      (sites) => statistics.materialize(sites),
      ({ shape, dtype }) => zeros([this.count, ...shape], dtype),
    );
  }

  #perParameter(
    statistic: (sites: readonly Site[], parameter: Tensor) => Tensor,
    unused: (parameter: Tensor) => Tensor = ({ shape, dtype }) => zeros(shape, dtype),
  ): P {
    const results = this.#tensors.map((tensor, i) => {
      const sites = this.#sites[i] ?? [];
      return sites.length === 0 ? unused(tensor) : statistic(sites, tensor);
    });
    return withTensors(this.#params, results);
  }

  #overParameters(
    statistic: (sites: readonly Site[], parameter: Tensor, index: number) => Tensor,
    shape: Shape = [this.count],
  ): Tensor {
    const parts = this.#tensors.flatMap((tensor, i) => {
      const sites = this.#sites[i] ?? [];
      return sites.length === 0 ? [] : [statistic(sites, tensor, i)];
    });
    return parts.length === 0 ? zeros(shape, this.losses.dtype) : parts.reduce((a, b) => add(a, b));
  }
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
