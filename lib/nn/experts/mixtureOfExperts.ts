import { checkOptions, OptionError, ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { extent, formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, cast, div, greaterEqual, mul } from '../../ops/elementwise';
import { softmax } from '../../ops/networks/softmax';
import { mean } from '../../ops/reduce/reduce';
import { sum } from '../../ops/reduce/sum';
import { slice } from '../../ops/shape/slice';
import { stopGradient } from '../../ops/shape/identity';
import { topk } from '../../ops/sort';
import { layer, type Layer } from '../layer';
import { checkExtents } from '../layers/extents';
import { linear } from '../layers/linear';
import { feedForward, type FeedForwardOptions } from '../transformer/feedForward';

export interface MixtureOfExpertsOptions extends FeedForwardOptions {
  /** How many experts there are. */
  readonly experts: number;
  /** How many of them see a step. Default 2. */
  readonly top?: number;
  /** The chosen experts' probabilities are divided by their sum, as Mixtral does. Default true. */
  readonly normalized?: boolean;
}

/** What a mixture gives: the output, and what the routing was. */
export interface RoutedExperts {
  /** [..., width] */
  readonly output: Tensor;
  /** Probabilities of the experts before the choice, [..., experts]. */
  readonly probabilities: Tensor;
  /** What each expert's output is multiplied by, [..., experts]; 0 for those that were not chosen. */
  readonly gates: Tensor;
}

/**
 * A sparse mixture of feed-forward experts (Shazeer et al. 2017; Mixtral): `y = sum over the chosen e of gate_e expert_e(x)`
 * with the `top` largest of softmax(x W_r). Parameters: `gate.weight` [experts, width], `experts.E.*`.
 *
 * Every expert sees every step and what was not chosen is multiplied by 0, so that derivatives and per-example statistics
 * are those of ordinary layers; the price is that of all experts. The choice itself has no derivative.
 *
 * @example
 * const block = nn.mixtureOfExperts(64, { experts: 8, top: 2, hidden: 128, activation: 'silu', gated: true, bias: false });
 * const { output, probabilities, gates } = block.apply(parameters, x);
 * const loss = add(task(output), mul(loadBalance(probabilities, gates), 0.01));
 * @throws OptionError for a misspelled option, an impossible width, or more chosen than there are.
 */
export function mixtureOfExperts(
  width: number,
  options: MixtureOfExpertsOptions,
): Layer<readonly [x: Tensor], RoutedExperts> {
  const where = 'nn.mixtureOfExperts';
  checkOptions(where, options, [
    ...[
      'experts',
      'top',
      'normalized',
      'hidden',
      'activation',
      'gated',
      'bias',
      'initialWeight',
      'initialOutput',
    ],
  ]);
  const { experts: count, top = 2, normalized = true, ...expert } = options;
  checkExtents(where, { width, experts: count, top });
  if (top > count) throw new OptionError(`${where}: ${top} of ${count} experts cannot be chosen`);
  return layer(
    {
      gate: linear(width, count, { bias: false }),
      experts: Array.from({ length: count }, () => feedForward(width, expert)),
    },
    ({ gate, experts }, x: Tensor) => {
      const probabilities = softmax(gate(x));
      const gates = chosenGates(probabilities, top, normalized);
      const parts = experts.map((apply, e) => mul(apply(x), column(gates, e)));
      return { output: parts.reduce((total, part) => add(total, part)), probabilities, gates };
    },
  );
}

/** What experts are multiplied by: the `top` largest probabilities, of equal ones at the edge all, and 0 for the others. */
export function chosenGates(probabilities: Tensor, top: number, normalized: boolean): Tensor {
  const { values } = topk(stopGradient(probabilities), top);
  const rank = values.shape.length;
  const least = slice(values, { starts: [...Array<undefined>(rank - 1).fill(undefined), top - 1] });
  const kept = mul(
    probabilities,
    cast(greaterEqual(stopGradient(probabilities), least), probabilities.dtype),
  );
  return normalized ? div(kept, sum(kept, { axis: -1, keepDims: true })) : kept;
}

/** One entry of the last axis, kept as an axis of 1. */
export function column(x: Tensor, which: number): Tensor {
  const before = Array<undefined>(x.shape.length - 1).fill(undefined);
  return slice(x, { starts: [...before, which], stops: [...before, which + 1] });
}

/**
 * The load-balancing loss `E sum_e f_e P_e` (Fedus et al. 2022): f_e is the share of steps that chose expert e, over `top`, and P_e
 * its mean probability. 1 when all experts are used alike. A mean over all steps: for losses of single examples call it on
 * each example's steps.
 * @throws ShapeError unless both have one shape.
 */
export function loadBalance(probabilities: Tensor, gates: Tensor): Tensor {
  checkTensors('loadBalance', { probabilities, gates });
  if (!sameShape(probabilities.shape, gates.shape) || probabilities.shape.length === 0) {
    const [p, g] = [formatShape(probabilities.shape), formatShape(gates.shape)];
    throw new ShapeError(`loadBalance: probabilities and gates [..., experts] expected, got ${p} and ${g}`);
  }
  const experts = extent(probabilities.shape, -1);
  const leading = probabilities.shape.slice(0, -1).map((_, axis) => axis);
  const uses = cast(greaterEqual(stopGradient(gates), Number.MIN_VALUE), probabilities.dtype);
  const shares = div(uses, sum(uses, { axis: -1, keepDims: true }));
  const used = mean(shares, { axis: leading });
  return mul(sum(mul(used, mean(probabilities, { axis: leading }))), experts);
}
