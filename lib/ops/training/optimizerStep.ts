import { DTypeError } from '../../errors';
import { perOutput } from '../../graph/flops';
import { defineOp, several, type Several } from '../../graph/op';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, cast, div, mul, notEqual, square, sub } from '../elementwise/arithmetic';
import { sqrt, where } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { reshape } from '../shape/reshape';
import { split } from '../shape/slice';

/** Checks a parameter, what is shaped like it, and the settings; returns `count` outputs like the parameter. */
function inferStep(
  where: string,
  settings: Spec,
  length: number,
  count: number,
  like: readonly Spec[],
): Spec[] {
  checkFloats(where, ...like);
  const [parameter] = like as readonly [Spec];
  for (const other of like) checkSame(where, 'gradient and state', other, parameter.shape);
  checkSame(where, 'settings', settings, [length]);
  if (settings.dtype !== 'float64') {
    throw new DTypeError(`${where}: settings as float64 expected, got ${settings.dtype}`);
  }
  return Array<Spec>(count).fill({ shape: parameter.shape, dtype: parameter.dtype });
}

/** The settings as scalars. */
const scalarsOf = (settings: Tensor): Several<Tensor> =>
  several(split(settings, settings.size).map((part) => reshape(part, [])));

const sgdStepOp = defineOp('sgdStep', {
  infer: ([parameter, gradient, velocity, settings]) =>
    inferStep('sgdStep', settings, 4, 2, [parameter, gradient, velocity]),
  lower: { kernel: 'sgdStep' },
  flops: perOutput(8),
  constant: true,
  decompose: ([parameter, gradient, velocity, settings]) => {
    const [rate, momentum, decay, nesterov] = scalarsOf(cast(settings, parameter.dtype));
    const d = add(gradient, mul(decay, parameter));
    const next = add(mul(momentum, velocity), d);
    const ahead = where(notEqual(nesterov, 0), add(d, mul(momentum, next)), next);
    return [sub(parameter, mul(rate, ahead)), next];
  },
});

const adamStepOp = defineOp('adamStep', {
  infer: ([parameter, gradient, first, second, settings]) =>
    inferStep('adamStep', settings, 8, 3, [parameter, gradient, first, second]),
  lower: { kernel: 'adamStep' },
  flops: perOutput(15),
  constant: true,
  decompose: ([parameter, gradient, first, second, settings]) => {
    const [rate, beta1, beta2, eps, decay, decoupled, correction1, correction2] = scalarsOf(settings);
    const { dtype } = parameter;
    // Combined in float64, then rounded once, as the kernel does.
    const isDecoupled = notEqual(decoupled, 0);
    const none = mul(rate, 0);
    const kept = cast(sub(1, where(isDecoupled, mul(rate, decay), none)), dtype);
    const g = add(gradient, mul(cast(where(isDecoupled, none, decay), dtype), parameter));
    const nextFirst = add(mul(cast(beta1, dtype), first), mul(cast(sub(1, beta1), dtype), g));
    const nextSecond = add(mul(cast(beta2, dtype), second), mul(cast(sub(1, beta2), dtype), square(g)));
    const root = mul(sqrt(nextSecond), cast(div(1, sqrt(correction2)), dtype));
    const step = mul(cast(div(rate, correction1), dtype), div(nextFirst, add(root, cast(eps, dtype))));
    return [sub(mul(parameter, kept), step), nextFirst, nextSecond];
  },
});

/**
 * One step of stochastic gradient descent with momentum over one parameter, in one pass:
 *
 *     d = gradient + weightDecay parameter
 *     velocity' = momentum velocity + d
 *     parameter' = parameter - learningRate (nesterov ? d + momentum velocity' : velocity')
 *
 * `settings` is the float64 tensor [learningRate, momentum, weightDecay, nesterov ? 1 : 0]. A constant for derivatives.
 */
export function sgdStep(
  parameter: Tensor,
  gradient: Tensor,
  velocity: Tensor,
  settings: Tensor,
): { readonly parameter: Tensor; readonly velocity: Tensor } {
  const [next, nextVelocity] = several(sgdStepOp([parameter, gradient, velocity, settings], {}));
  return { parameter: next, velocity: nextVelocity };
}

/**
 * One step of Adam over one parameter, in one pass:
 *
 *     g = gradient + weightDecay parameter            (not when decoupled)
 *     first' = beta1 first + (1 - beta1) g
 *     second' = beta2 second + (1 - beta2) g^2
 *     parameter' = parameter (decoupled ? 1 - learningRate weightDecay : 1)
 *                  - learningRate (first' / correction1) / (sqrt(second' / correction2) + eps)
 *
 * `settings` is the float64 tensor [learningRate, beta1, beta2, eps, weightDecay, decoupled ? 1 : 0, correction1,
 * correction2]. A constant for derivatives.
 */
export function adamStep(
  parameter: Tensor,
  gradient: Tensor,
  first: Tensor,
  second: Tensor,
  settings: Tensor,
): { readonly parameter: Tensor; readonly first: Tensor; readonly second: Tensor } {
  const inputs = [parameter, gradient, first, second, settings];
  const [next, nextFirst, nextSecond] = several(adamStepOp(inputs, {}));
  return { parameter: next, first: nextFirst, second: nextSecond };
}
