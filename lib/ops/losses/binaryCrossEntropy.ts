import { ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { formatShape, broadcastShapes, sameShape } from '../../graph/shape';

import type { Tensor } from '../../graph/tensor';
import {
  add,
  full,
  greaterEqual,
  lessEqual,
  log,
  mul,
  neg,
  onesLike,
  sub,
  zerosLike,
} from '../elementwise/arithmetic';
import { exp, log1p, logicalNot, where } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { LOSS_OPTIONS, type LossOptions, reduced } from './reduction';

/** Logarithms are taken to be no less than this, so that a confident mistake has a finite loss: PyTorch's bound. */
const LOWEST_LOG = -100;

/** `max(log(x), -100)`, whose gradient below the bound is 0. */
function boundedLog(x: Tensor): Tensor {
  const above = logicalNot(lessEqual(x, Math.exp(LOWEST_LOG))); // NaN is not below
  return where(above, log(where(above, x, onesLike(x))), full([], LOWEST_LOG, x.dtype));
}

/**
 * The cross-entropy of probabilities p with targets t from 0 to 1, for every element:
 * `-(t log p + (1 - t) log(1 - p))`, where logarithms are at least -100, as in PyTorch. Logits are better given to
 * `binaryCrossEntropyWithLogits`, which loses nothing near 0 and 1.
 *
 * @throws ShapeError unless both have one shape; DTypeError unless both have one float dtype; OptionError.
 */
export function binaryCrossEntropy(
  probabilities: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor {
  checkTensors('binaryCrossEntropy', { probabilities, targets });
  checkKinds('binaryCrossEntropy', options, LOSS_OPTIONS);
  checkFloats('binaryCrossEntropy', probabilities, targets);
  checkSame('binaryCrossEntropy', 'targets', targets, probabilities.shape);
  const hit = mul(targets, boundedLog(probabilities));
  const missed = mul(sub(1, targets), boundedLog(sub(1, probabilities)));
  return reduced('binaryCrossEntropy', neg(add(hit, missed)), options.reduction);
}

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** What positive targets weigh, a number or a tensor that broadcasts (one per class). Default 1. */
  readonly positiveWeight?: number | Tensor;
}

const BINARY_CROSS_ENTROPY_OPTIONS: Kinds<BinaryCrossEntropyOptions> = {
  positiveWeight: 'operand',
  reduction: 'string',
};

/**
 * The cross-entropy of sigmoid(x) with targets t from 0 to 1, for every element and without overflow:
 *
 *     loss = -(w t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x)))
 *          = (1 - t) x + (1 + (w - 1) t) log(1 + e^-x)
 *
 * @throws ShapeError unless logits and targets have one shape, to which the weight broadcasts; DTypeError unless all have
 *   one float dtype; OptionError.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  checkTensors('binaryCrossEntropyWithLogits', { logits, targets });
  const name = 'binaryCrossEntropyWithLogits';
  checkKinds(name, options, BINARY_CROSS_ENTROPY_OPTIONS);
  const { positiveWeight = 1, reduction } = options;
  checkFloats(name, logits, targets);
  checkSame(name, 'targets', targets, logits.shape);
  if (typeof positiveWeight !== 'number') {
    if (!sameShape(broadcastShapes(name, [logits.shape, positiveWeight.shape]), logits.shape)) {
      throw new ShapeError(
        `${name}: positiveWeight must broadcast to ${formatShape(logits.shape)}, got ${formatShape(positiveWeight.shape)}`,
      );
    }
  }
  const tail = softplusOfNegative(logits);
  const excess = typeof positiveWeight === 'number' ? positiveWeight - 1 : sub(positiveWeight, 1);
  const weighted = excess === 0 ? tail : mul(add(mul(targets, excess), 1), tail);
  return reduced(name, add(mul(sub(1, targets), logits), weighted), reduction);
}

/** `log(1 + e^-x)`; a case for each sign, so that every derivative is right at 0 too. */
function softplusOfNegative(x: Tensor): Tensor {
  const positive = greaterEqual(x, 0);
  const size = where(positive, x, neg(x));
  return add(log1p(exp(neg(size))), where(positive, zerosLike(x), neg(x)));
}
