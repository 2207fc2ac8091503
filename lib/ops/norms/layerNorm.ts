import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { add, mul, ones, zeros } from '../elementwise/arithmetic';
import { examplesFirst } from '../examplesFirst';
import { checkFloats, checkSame } from '../floats';
import { checkVectors, rows, sameRow } from './rows';
import { checkEps, DEFAULT_EPS, standardize, standardizePartial } from './standardize';
import { broadcastTo, sumTo, sumToExamples } from '../reduce/sum';
import { leadingAxes } from '../batching';

interface Epsilon {
  readonly eps: number;
}

const layerNormOp = defineOp<Epsilon>('layerNorm', {
  infer: ([x, gain, bias]) => {
    checkVectors('layerNorm', x, gain, bias);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'layerNorm',
    attributes: ({ eps }) => [eps],
    views: (_attributes, [x, gain, bias]) => ({
      inputs: [rows(x), gain.shape, bias.shape],
      outputs: [rows(x)],
    }),
  },
  flops: perInput(8),
  // y = normal gain + bias: dgain = sum(g normal), dbias = sum(g).
  vjp: ([g], [x, gain], _outputs, { eps }, [wantX, wantGain, wantBias]) => {
    if (wantX && wantGain) return layerNormGradsOp([x, gain, g], { eps });
    return [
      wantX ? layerNormGrad(x, gain, g, eps) : null,
      wantGain ? sumTo(mul(g, normal(x, eps)), gain.shape) : null,
      wantBias ? sumTo(g, gain.shape) : null,
    ];
  },
  // dy = gain J dx + normal dgain + dbias, where J, the derivative of the normal, is symmetric.
  jvp: ([dx, dgain, dbias], [x, gain], _outputs, { eps }) => {
    const parts = [
      dx && mul(gain, layerNormGrad(x, ones(gain.shape, gain.dtype), dx, eps)),
      dgain && mul(normal(x, eps), dgain),
      dbias && broadcastTo(dbias, x.shape),
    ].filter((part) => part !== null);
    return [parts.reduce((total, part) => add(total, part))];
  },
  decompose: ([x, gain, bias], { eps }) => add(mul(standardize(x, eps).normal, gain), bias),
  batch: leadingAxes(0),
  example: {
    axis: (use) => sameRow(use, [1, 2]),
    site: ({ which, inputs: [x, gain], cotangents: [g], outputAxis, attributes: { eps } }) => {
      const direction = which === 1 ? mul(g, normal(x, eps)) : g;
      return { kind: 'dense', values: sumToExamples(examplesFirst(direction, outputAxis), gain.shape) };
    },
  },
});

const layerNormGradOp = defineOp<Epsilon>('layerNormGrad', {
  infer: ([x, gain, g]) => {
    checkVectors('layerNormGrad', x, gain);
    checkFloats('layerNormGrad', x, g);
    checkSame('layerNormGrad', 'cotangents', g, x.shape);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'layerNormGrad',
    attributes: ({ eps }) => [eps],
    views: (_attributes, [x, gain]) => ({ inputs: [rows(x), gain.shape, rows(x)], outputs: [rows(x)] }),
  },
  flops: perInput(16),
  // dx = J (g gain)
  decompose: ([x, gain, g], { eps }) => standardizePartial(mul(g, gain), standardize(x, eps)),
  batch: leadingAxes(0, 2),
  example: { axis: (use) => sameRow(use, [1]) },
});

/** Inputs: x, gain and the cotangents. Outputs: what comes back for x, gain and bias, in one pass. */
const layerNormGradsOp = defineOp<Epsilon>('layerNormGrads', {
  infer: ([x, gain, g]) => {
    checkVectors('layerNormGrads', x, gain);
    checkFloats('layerNormGrads', x, g);
    checkSame('layerNormGrads', 'cotangents', g, x.shape);
    return [x, gain, gain].map(({ shape, dtype }) => ({ shape, dtype }));
  },
  lower: {
    kernel: 'layerNormGrads',
    attributes: ({ eps }) => [eps],
    views: (_attributes, [x, gain]) => ({
      inputs: [rows(x), gain.shape, rows(x)],
      outputs: [rows(x), gain.shape, gain.shape],
    }),
  },
  flops: perInput(20),
  decompose: ([x, gain, g], { eps }) => [
    layerNormGrad(x, gain, g, eps),
    sumTo(mul(g, normal(x, eps)), gain.shape),
    sumTo(g, gain.shape),
  ],
  example: { axis: ({ mixes }) => mixes('it sums over the rows') },
});

const layerNormGrad = (x: Tensor, gain: Tensor, g: Tensor, eps: number): Tensor =>
  single(layerNormGradOp([x, gain, g], { eps }));

/** The rows before gain and bias, by the fused kernel. */
function normal(x: Tensor, eps: number): Tensor {
  const width = x.shape.slice(-1);
  return single(layerNormOp([x, ones(width, x.dtype), zeros(width, x.dtype)], { eps }));
}

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5, as in PyTorch; checkpoints say which value they were trained with. */
  readonly eps?: number;
}

const LAYER_NORM_OPTIONS: Kinds<LayerNormOptions> = { eps: 'number' };

/**
 * Layer normalisation over the last axis (Ba et al. 2016) of x [..., D] with gain [D] and bias [D]:
 *
 *     y = (x - mean(x)) / sqrt(variance(x) + eps) gain + bias
 *
 * @throws ShapeError when gain or bias do not have the last extent of x; DTypeError unless all have one float dtype;
 *   OptionError for a misspelled option or a negative eps.
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, options: LayerNormOptions = {}): Tensor {
  checkTensors('layerNorm', { x, gain, bias });
  checkKinds('layerNorm', options, LAYER_NORM_OPTIONS);
  const { eps = DEFAULT_EPS } = options;
  checkEps('layerNorm', eps);
  return single(layerNormOp([x, gain, bias], { eps }));
}
