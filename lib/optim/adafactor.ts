import { OptionError } from '../errors';
import { several } from '../graph/op';
import type { Tensor } from '../graph/tensor';
import {
  add,
  cast,
  div,
  full,
  maximum,
  minimum,
  mul,
  pow,
  square,
  sub,
  zeros,
  zerosLike,
} from '../ops/elementwise/arithmetic';
import { rsqrt, sqrt } from '../ops/elementwise/math';
import { mean } from '../ops/reduce/reduce';
import { stack } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { split } from '../ops/shape/slice';
import { epsilonOf } from '../linalg/tolerance';
import { rulesOf, type ParameterGroup } from './groups';
import {
  checkNumber,
  checkGroupList,
  checkRate,
  optimizerOf,
  type Optimizer,
  type Schedule,
  type UpdateRule,
} from './optimizer';

export interface AdafactorOptions {
  /** Of the relative step, which shrinks as `1 / sqrt(t)` too. Default 1e-2, as in PyTorch. */
  readonly learningRate?: number | Schedule;
  /** The means of squares forget with `1 - t^beta2Decay`. Default -0.8, as in the paper. */
  readonly beta2Decay?: number;
  /** No root of a mean of squares counts as less. Default: the spacing of the dtype at 1, as in PyTorch. */
  readonly eps1?: number;
  /** No parameter's own size counts as less. Default 1e-3, as in the paper. */
  readonly eps2?: number;
  /** A step whose root mean square is more is scaled down to it. Default 1, as in the paper. */
  readonly clipThreshold?: number;
  /** Decoupled, as in AdamW. Default 0. */
  readonly weightDecay?: number;
  /** Other options for some of the parameters. */
  readonly groups?: readonly ParameterGroup<AdafactorOptions>[];
}

const OPTIONS = ['learningRate', 'beta2Decay', 'eps1', 'eps2', 'clipThreshold', 'weightDecay'] as const;

/**
 * Adafactor (Shazeer and Stern 2018), as PyTorch has it: steps relative to the size of each parameter, by means of squares
 * that a matrix [..., m, n] keeps as m + n numbers. With `d = t^beta2Decay` and `rms(x) = sqrt(mean(x^2))`:
 *
 *     r' = (1 - d) r + d mean(gradient^2, axis -1)          c' = (1 - d) c + d mean(gradient^2, axis -2)
 *     u = gradient / max(sqrt(r' c' / max(mean(r', axis -2), eps1)), eps1)
 *     theta' = (1 - learningRate weightDecay) theta
 *              - max(eps2, rms(theta)) min(learningRate, 1 / sqrt(t)) u / max(1, rms(u) / clipThreshold)
 *
 * The state's moments are r [..., m, 1] and c [..., 1, n]; a vector has its mean of squares as r, and a scalar 0 as c.
 *
 * @throws OptionError for a misspelled option or one out of range.
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer {
  checkGroupList('adafactor', options);
  const ruleOf = (own: Omit<AdafactorOptions, 'groups'>): UpdateRule => {
    const {
      learningRate = 1e-2,
      beta2Decay = -0.8,
      eps1,
      eps2 = 1e-3,
      clipThreshold = 1,
      weightDecay = 0,
    } = own;
    checkRate('adafactor', learningRate);
    checkNumber('adafactor', '-beta2Decay', -beta2Decay);
    checkNumber('adafactor', 'eps1', eps1 ?? 0);
    checkNumber('adafactor', 'eps2', eps2);
    checkNumber('adafactor', 'weightDecay', weightDecay);
    if (!(clipThreshold > 0))
      throw new OptionError(`adafactor: clipThreshold must be positive, got ${clipThreshold}`);
    return {
      learningRate,
      settings: (step, rate) =>
        stack([
          pow(step, beta2Decay),
          minimum(rate, div(1, sqrt(step))),
          sub(1, mul(rate, full([], weightDecay, 'float64'))),
        ]),
      update: (parameter, gradient, [row = parameter, column = parameter], settings) => {
        const least = eps1 ?? epsilonOf(parameter);
        const [share, rate, kept] = several(
          split(settings, 3).map((part) => cast(reshape(part, []), parameter.dtype)),
        );
        const squares = square(gradient);
        const isMatrix = parameter.shape.length > 1;
        const rows = blended(row, isMatrix ? mean(squares, { axis: -1, keepDims: true }) : squares, share);
        const columns = isMatrix
          ? blended(column, mean(squares, { axis: -2, keepDims: true }), share)
          : column;
        const estimate = isMatrix
          ? div(mul(rows, columns), maximum(mean(rows, { axis: -2, keepDims: true }), least))
          : rows;
        const u = mul(gradient, rsqrt(maximum(estimate, least * least)));
        const size = mul(maximum(rootMeanSquare(parameter), eps2), rate);
        const tooMuch = maximum(div(rootMeanSquare(u), clipThreshold), 1);
        return {
          parameter: sub(mul(parameter, kept), mul(u, div(size, tooMuch))),
          moments: [rows, columns],
        };
      },
    };
  };
  const rules = rulesOf('adafactor', options, OPTIONS, ruleOf);
  return optimizerOf({ name: 'adafactor', ...rules, moments: [rowsOf, columnsOf] });
}

const rootMeanSquare = (x: Tensor): Tensor => sqrt(mean(square(x)));

/** `(1 - share) before + share now` */
const blended = (before: Tensor, now: Tensor, share: Tensor): Tensor =>
  add(before, mul(share, sub(now, before)));

const rowsOf = (parameter: Tensor): Tensor =>
  parameter.shape.length > 1
    ? zeros([...parameter.shape.slice(0, -1), 1], parameter.dtype)
    : zerosLike(parameter);

const columnsOf = ({ shape, dtype }: Tensor): Tensor =>
  shape.length > 1 ? zeros([...shape.slice(0, -2), 1, ...shape.slice(-1)], dtype) : zeros([], dtype);
