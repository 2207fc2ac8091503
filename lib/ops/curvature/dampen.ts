import { DTypeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { perOutput } from '../../graph/flops';
import { defineOp, several } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { stack } from '../shape/concat';
import { cast, div, greater, less, mul, onesLike, zerosLike } from '../elementwise/arithmetic';
import { logicalAnd, where } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { reshape } from '../shape/reshape';
import { split } from '../shape/slice';
import { sum } from '../reduce/sum';

const dampenOp = defineOp('dampen', {
  infer: ([theta, importanceForget, importanceFull, alphaLambda]) => {
    checkFloats('dampen', theta, importanceForget, importanceFull);
    checkSame('dampen', 'the importance for the forget set', importanceForget, theta.shape);
    checkSame('dampen', 'the importance for all data', importanceFull, theta.shape);
    checkSame('dampen', 'alpha and lambda', alphaLambda, [2]);
    if (alphaLambda.dtype !== 'float64') {
      throw new DTypeError(`dampen: alpha and lambda as float64 expected, got ${alphaLambda.dtype}`);
    }
    return [
      { shape: theta.shape, dtype: theta.dtype },
      { shape: [2], dtype: 'float64' },
    ];
  },
  lower: { kernel: 'dampen' },
  flops: perOutput(4),
  constant: true,
  decompose: ([theta, importanceForget, importanceFull, alphaLambda]) => {
    const [alpha, lambda] = several(split(alphaLambda, 2).map((part) => reshape(part, [])));
    const [forget, full] = [cast(importanceForget, 'float64'), cast(importanceFull, 'float64')];
    const selected = greater(forget, mul(alpha, full));
    const ratio = div(mul(lambda, full), forget);
    // A ratio that is NaN, an overflow over infinity, is not less than 1.
    const factor = where(logicalAnd(selected, less(ratio, 1)), ratio, onesLike(ratio));
    const counts = [cast(selected, 'float64'), where(selected, factor, zerosLike(factor))];
    return [cast(mul(cast(theta, 'float64'), factor), theta.dtype), stack(counts.map((part) => sum(part)))];
  },
});

/**
 * Selective synaptic dampening of one parameter (Foster et al. 2023, Eqs. 3 and 4) in one pass: where
 * `importanceForget > alpha importanceFull`, strictly,
 *
 *     theta' = min(lambda importanceFull / importanceForget, 1) theta
 *
 * and `theta' = theta` elsewhere; 0 against 0 is not selected. Compared in float64 whatever the dtype. `alphaLambda` is
 * the float64 tensor [alpha, lambda], so that a compiled sweep over them is one program. `counts`, float64, is [how many
 * are selected, the sum of their factors]. A constant for derivatives.
 *
 * @throws ShapeError when the importances are not shaped like theta; DTypeError unless they have its float dtype.
 */
export function dampen(
  theta: Tensor,
  importanceForget: Tensor,
  importanceFull: Tensor,
  alphaLambda: Tensor,
): { readonly theta: Tensor; readonly counts: Tensor } {
  checkTensors('dampen', { theta, importanceForget, importanceFull, alphaLambda });
  const [dampened, counts] = several(dampenOp([theta, importanceForget, importanceFull, alphaLambda], {}));
  return { theta: dampened, counts };
}
