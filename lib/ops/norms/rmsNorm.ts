import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { add, mul, ones, square, sub } from '../elementwise/arithmetic';
import { rsqrt } from '../elementwise/math';
import { examplesFirst } from '../examplesFirst';
import { checkFloats, checkSame } from '../floats';
import { mean } from '../reduce/reduce';
import { sumTo, sumToExamples } from '../reduce/sum';
import { checkVectors, rows, sameRow } from './rows';
import { checkEps } from './standardize';
import { leadingAxes } from '../batching';

interface Epsilon {
  readonly eps: number;
}

const LAST = { axis: -1, keepDims: true } as const;

/** `1 / sqrt(mean(x^2) + eps)` over the last axis. */
const inverseRoot = (x: Tensor, eps: number): Tensor => rsqrt(add(mean(square(x), LAST), eps));

const rmsNormOp = defineOp<Epsilon>('rmsNorm', {
  infer: ([x, gain]) => {
    checkVectors('rmsNorm', x, gain);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'rmsNorm',
    attributes: ({ eps }) => [eps],
    views: (_attributes, [x, gain]) => ({ inputs: [rows(x), gain.shape], outputs: [rows(x)] }),
  },
  flops: perInput(4),
  // y = normal gain: dgain = sum(g normal).
  vjp: ([g], [x, gain], _outputs, { eps }, [wantX, wantGain]) => [
    wantX ? rmsNormGrad(x, gain, g, eps) : null,
    wantGain ? sumTo(mul(g, normal(x, eps)), gain.shape) : null,
  ],
  // dy = gain J dx + normal dgain, where J, the derivative of the normal, is symmetric.
  jvp: ([dx, dgain], [x, gain], _outputs, { eps }) => {
    const parts = [
      dx && mul(gain, rmsNormGrad(x, ones(gain.shape, gain.dtype), dx, eps)),
      dgain && mul(normal(x, eps), dgain),
    ].filter((part) => part !== null);
    return [parts.reduce((total, part) => add(total, part))];
  },
  decompose: ([x, gain], { eps }) => mul(mul(x, inverseRoot(x, eps)), gain),
  batch: leadingAxes(0),
  example: {
    axis: (use) => sameRow(use, [1]),
    site: ({ inputs: [x, gain], cotangents: [g], outputAxis, attributes: { eps } }) => ({
      kind: 'dense',
      values: sumToExamples(examplesFirst(mul(g, normal(x, eps)), outputAxis), gain.shape),
    }),
  },
});

const rmsNormGradOp = defineOp<Epsilon>('rmsNormGrad', {
  infer: ([x, gain, g]) => {
    checkVectors('rmsNormGrad', x, gain);
    checkFloats('rmsNormGrad', x, g);
    checkSame('rmsNormGrad', 'cotangents', g, x.shape);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'rmsNormGrad',
    attributes: ({ eps }) => [eps],
    views: (_attributes, [x, gain]) => ({ inputs: [rows(x), gain.shape, rows(x)], outputs: [rows(x)] }),
  },
  flops: perInput(9),
  // dx = r (h - normal mean(h normal)) with h = g gain and normal = r x
  decompose: ([x, gain, g], { eps }) => {
    const [h, r] = [mul(g, gain), inverseRoot(x, eps)];
    const normal = mul(x, r);
    return mul(r, sub(h, mul(normal, mean(mul(h, normal), LAST))));
  },
  batch: leadingAxes(0, 2),
  example: { axis: (use) => sameRow(use, [1]) },
});

const rmsNormGrad = (x: Tensor, gain: Tensor, g: Tensor, eps: number): Tensor =>
  single(rmsNormGradOp([x, gain, g], { eps }));

/** The rows before the gain, by the fused kernel. */
const normal = (x: Tensor, eps: number): Tensor =>
  single(rmsNormOp([x, ones(x.shape.slice(-1), x.dtype)], { eps }));

export interface RmsNormOptions {
  /** Added to the mean square. Default 1e-6, that of Llama; checkpoints say which value they were trained with. */
  readonly eps?: number;
}

const RMS_NORM_OPTIONS: Kinds<RmsNormOptions> = { eps: 'number' };

/**
 * Root mean square normalisation over the last axis (Zhang and Sennrich 2019) of x [..., D] with gain [D]:
 *
 *     y = x / sqrt(mean(x^2) + eps) gain
 *
 * @throws ShapeError when the gain does not have the last extent of x; DTypeError unless both have one float dtype;
 *   OptionError for a misspelled option or a negative eps.
 */
export function rmsNorm(x: Tensor, gain: Tensor, options: RmsNormOptions = {}): Tensor {
  checkTensors('rmsNorm', { x, gain });
  checkKinds('rmsNorm', options, RMS_NORM_OPTIONS);
  const { eps = 1e-6 } = options;
  checkEps('rmsNorm', eps);
  return single(rmsNormOp([x, gain], { eps }));
}
