import { DTypeError, OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { tensor } from '../../graph/create';
import { defineOp, several } from '../../graph/op';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { div, maximum, mul, sub } from '../../ops/elementwise/arithmetic';
import { abs } from '../../ops/elementwise/math';
import { checkFloats } from '../../ops/floats';
import { max, mean } from '../../ops/reduce/reduce';
import { sum } from '../../ops/reduce/sum';
import { expandDims, reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { productTA } from '../matrices';

interface Settings {
  readonly l1Ratio: number;
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly positive: boolean;
}

/** X [n, p], Y [K, n] and strengths [A] to weights [K, A, p], gaps [K, A] and sweeps [K, A]. */
const elasticNetOp = defineOp<Settings>('elasticNet', {
  infer: ([x, y, alphas]) => {
    const path = [extent(y.shape, 0), extent(alphas.shape, 0)];
    return [
      { shape: [...path, extent(x.shape, 1)], dtype: 'float64' },
      { shape: path, dtype: 'float64' },
      { shape: path, dtype: 'int32' },
    ];
  },
  lower: {
    kernel: 'elasticNet',
    attributes: ({ l1Ratio, tolerance, maxIterations, positive }) => [
      l1Ratio,
      tolerance,
      maxIterations,
      Number(positive),
    ],
  },
  constant: true,
});

export interface ElasticNetOptions {
  /** The strength of the penalty, or several, each of which starts from the solution before. Default: a path of 100. */
  readonly alpha?: number | readonly number[];
  /** How much of the penalty is `|w|_1`; the rest is `|w|^2 / 2`. Default 0.5, as in scikit-learn. */
  readonly l1Ratio?: number;
  /** Fit a constant as well, which is not penalised. Default true. */
  readonly intercept?: boolean;
  /** Weights must not be negative. Default false. */
  readonly positive?: boolean;
  /** The duality gap, relative to `|y|^2`, at which a solution is good enough. Default 1e-8. */
  readonly tolerance?: number;
  /** The most sweeps over all weights for one strength. Default 10000. */
  readonly maxIterations?: number;
}

const ELASTIC_NET_OPTIONS: Kinds<ElasticNetOptions> = {
  alpha: 'numbers',
  l1Ratio: 'number',
  intercept: 'boolean',
  positive: 'boolean',
  tolerance: 'number',
  maxIterations: 'number',
};

export interface ElasticNet {
  /** The strengths [A], as given or from large to small. */
  readonly alphas: Tensor;
  /** [A, p], or [K, A, p] for K targets. */
  readonly weights: Tensor;
  /** [A] or [K, A]; zeros without intercept. */
  readonly intercepts: Tensor;
  /** How far the objective is from the minimum at most, [A] or [K, A]. */
  readonly dualityGaps: Tensor;
  /** Sweeps that it took, int32 [A] or [K, A]. */
  readonly iterations: Tensor;
}

/** The share of the penalty is given. */
const { l1Ratio: _share, ...LASSO_OPTIONS } = ELASTIC_NET_OPTIONS;
const PATH_LENGTH = 100;
const PATH_RANGE = 1e-3;
const SMALLEST_STRENGTH = 1e-300;

/**
 * Linear regression with the elastic net's penalty (Zou and Hastie 2005), by cyclic coordinate descent until the duality gap is
 * small: the w that minimise, for x [n, p] and y [n] or K targets [n, K] in float64,
 *
 *     |y - X w - b|^2 / (2 n) + alpha (l1Ratio |w|_1 + (1 - l1Ratio) / 2 |w|^2)
 *
 * Without `alpha` the path has 100 strengths, evenly spaced in logarithm, from the one at which all weights become zero down to
 * a thousandth of it. The result is a constant for derivatives.
 *
 * @example
 * const { weights } = elasticNet(x, y, { alpha: 0.1, l1Ratio: 0.9 });
 * @throws ShapeError or DTypeError when the shapes do not fit or the dtype is not float64; OptionError for a misspelled option or
 *   one out of range; reading it raises ERR_VALUE for NaN and infinities.
 */
export function elasticNet(x: Tensor, y: Tensor, options: ElasticNetOptions = {}): ElasticNet {
  checkTensors('elasticNet', { x, y });
  checkKinds('elasticNet', options, ELASTIC_NET_OPTIONS);
  checkData(x, y);
  const {
    intercept = true,
    l1Ratio = 0.5,
    tolerance = 1e-8,
    maxIterations = 10000,
    positive = false,
  } = options;
  checkSettings(l1Ratio, tolerance, maxIterations);
  const targets = y.shape.length === 1 ? reshape(y, [1, y.size]) : transpose(y);
  const xMean = mean(x, { axis: 0, keepDims: true });
  const yMean = mean(targets, { axis: 1, keepDims: true });
  const [centredX, centredY] = intercept ? [sub(x, xMean), sub(targets, yMean)] : [x, targets];
  const alphas = strengths(options.alpha, l1Ratio, centredX, centredY, positive);
  const [weights, dualityGaps, iterations] = several(
    elasticNetOp([centredX, centredY, alphas], { l1Ratio, tolerance, maxIterations, positive }),
  );
  const constant = sub(yMean, sum(mul(weights, expandDims(xMean, 0)), { axis: -1 }));
  const intercepts = intercept ? constant : mul(dualityGaps, 0);
  const shaped = (part: Tensor): Tensor => (y.shape.length === 1 ? reshape(part, part.shape.slice(1)) : part);
  return {
    alphas,
    weights: shaped(weights),
    intercepts: shaped(intercepts),
    dualityGaps: shaped(dualityGaps),
    iterations: shaped(iterations),
  };
}

/** `elasticNet` with `|w|_1` alone (Tibshirani 1996). Options and errors as there, but for `l1Ratio`. */
export function lasso(x: Tensor, y: Tensor, options: Omit<ElasticNetOptions, 'l1Ratio'> = {}): ElasticNet {
  checkTensors('lasso', { x, y });
  checkKinds('lasso', options, LASSO_OPTIONS);
  return elasticNet(x, y, { ...options, l1Ratio: 1 });
}

function checkData(x: Tensor, y: Tensor): void {
  checkFloats('elasticNet', x, y);
  if (x.dtype !== 'float64') throw new DTypeError(`elasticNet: float64 expected, got ${x.dtype}; use cast`);
  const fits =
    x.shape.length === 2 && (y.shape.length === 1 || y.shape.length === 2) && y.shape[0] === x.shape[0];
  if (!fits || x.shape[0] === 0) {
    throw new ShapeError(
      `elasticNet: x [n, p] and y [n] or [n, K] with observations expected, got ${formatShape(x.shape)} and ` +
        formatShape(y.shape),
    );
  }
}

function checkSettings(l1Ratio: number, tolerance: number, maxIterations: number): void {
  if (!(l1Ratio >= 0 && l1Ratio <= 1))
    throw new OptionError(`elasticNet: l1Ratio must be a number from 0 to 1, got ${l1Ratio}`);
  if (!(tolerance >= 0)) throw new OptionError(`elasticNet: tolerance must be 0 or more, got ${tolerance}`);
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 1 || maxIterations > 2 ** 30)
    throw new OptionError(
      `elasticNet: maxIterations must be an integer from 1 to 2^30, got ${maxIterations}`,
    );
}

function strengths(
  alpha: number | readonly number[] | undefined,
  l1Ratio: number,
  x: Tensor,
  y: Tensor,
  positive: boolean,
): Tensor {
  if (alpha !== undefined) {
    const list = typeof alpha === 'number' ? [alpha] : [...alpha];
    if (!list.every((value) => value > 0 && Number.isFinite(value)))
      throw new OptionError(
        `elasticNet: alpha must be more than 0 (lstsq needs none), got ${list.join(', ')}`,
      );
    return tensor(Float64Array.from(list));
  }
  if (l1Ratio === 0)
    throw new OptionError('elasticNet: without |w|_1 no strength makes all weights zero; give alpha');
  // Where every weight is zero, the slopes are x_j^T y / n.
  const slopes = productTA(x, transpose(y));
  const largest = div(max(positive ? slopes : abs(slopes)), extent(x.shape, 0) * l1Ratio);
  const factors = Array.from({ length: PATH_LENGTH }, (_, i) => PATH_RANGE ** (i / (PATH_LENGTH - 1)));
  // With nothing to explain any strength will do.
  return mul(tensor(Float64Array.from(factors)), maximum(largest, SMALLEST_STRENGTH));
}
