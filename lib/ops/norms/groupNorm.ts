import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { perInput } from '../../graph/flops';
import { defineOp, single, type AxisUse } from '../../graph/op';
import { extent, formatShape, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { add, mul, ones, zeros } from '../elementwise/arithmetic';
import { examplesFirst } from '../examplesFirst';
import { checkFloats, checkSame } from '../floats';
import { reshape } from '../shape/reshape';
import { checkEps, DEFAULT_EPS, standardize, standardizePartial } from './standardize';
import { broadcastTo, sumToExamples } from '../reduce/sum';
import { aligned, perChannel, planes } from './channels';
import { moreImages } from '../batching';

interface Grouping {
  readonly groups: number;
  readonly eps: number;
}

const numbers = ({ groups, eps }: Grouping): number[] => [groups, eps];

/** Checks x [N, C, ...] and vectors of C numbers. */
function checkChannels(where: string, { groups }: Grouping, x: Spec, ...vectors: readonly Spec[]): void {
  checkFloats(where, x, ...vectors);
  if (x.shape.length < 2) throw new ShapeError(`${where}: [N, C, ...] expected, got ${formatShape(x.shape)}`);
  if (extent(x.shape, 1) % groups !== 0) {
    throw new ShapeError(`${where}: ${extent(x.shape, 1)} channels do not divide into ${groups} groups`);
  }
  for (const vector of vectors) checkSame(where, 'gain and bias', vector, x.shape.slice(1, 2));
}

/** Images stay apart; gain and bias are the same for all. */
function sameImage(use: AxisUse<object>, vectors: readonly number[]): ExampleAxis {
  if (vectors.some((which) => use.axes[which])) {
    return use.mixes('its gain or bias differs from example to example');
  }
  const axis = agreedAxis(use);
  return axis.axis === 0 ? axis : use.mixes('it normalises over the example axis');
}

/** One row per image and group. */
const grouped = (x: Tensor, { groups }: Grouping): Tensor =>
  reshape(x, [extent(x.shape, 0), groups, (extent(x.shape, 1) / groups) * sizeOf(x.shape.slice(2))]);

const groupNormOp = defineOp<Grouping>('groupNorm', {
  infer: ([x, gain, bias], grouping) => {
    checkChannels('groupNorm', grouping, x, gain, bias);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'groupNorm',
    attributes: numbers,
    views: (_attributes, [x, gain, bias]) => ({
      inputs: [planes(x), gain.shape, bias.shape],
      outputs: [planes(x)],
    }),
  },
  flops: perInput(8),
  // y = normal gain + bias: dgain = sum(g normal), dbias = sum(g).
  vjp: ([g], [x, gain], _outputs, grouping, [wantX, wantGain, wantBias]) => [
    wantX ? groupNormGrad(x, gain, g, grouping) : null,
    wantGain ? perChannel(mul(g, normal(x, grouping))) : null,
    wantBias ? perChannel(g) : null,
  ],
  // dy = gain J dx + normal dgain + dbias, where J, the derivative of the normal, is symmetric.
  jvp: ([dx, dgain, dbias], [x, gain], _outputs, grouping) => {
    const parts = [
      dx && mul(aligned(gain, x), groupNormGrad(x, ones(gain.shape, gain.dtype), dx, grouping)),
      dgain && mul(normal(x, grouping), aligned(dgain, x)),
      dbias && broadcastTo(aligned(dbias, x), x.shape),
    ].filter((part) => part !== null);
    return [parts.reduce((total, part) => add(total, part))];
  },
  decompose: ([x, gain, bias], grouping) => {
    const { normal } = standardize(grouped(x, grouping), grouping.eps);
    return add(mul(reshape(normal, x.shape), aligned(gain, x)), aligned(bias, x));
  },
  batch: moreImages(0),
  example: {
    axis: (use) => sameImage(use, [1, 2]),
    site: ({ which, inputs: [x, gain], cotangents: [g], outputAxis, attributes }) => {
      const direction = which === 1 ? mul(g, normal(x, attributes)) : g;
      const values = sumToExamples(examplesFirst(direction, outputAxis), aligned(gain, x).shape);
      return { kind: 'dense', values: reshape(values, [outputAxis.count, gain.size]) };
    },
  },
});

const groupNormGradOp = defineOp<Grouping>('groupNormGrad', {
  infer: ([x, gain, g], grouping) => {
    checkChannels('groupNormGrad', grouping, x, gain);
    checkFloats('groupNormGrad', x, g);
    checkSame('groupNormGrad', 'cotangents', g, x.shape);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'groupNormGrad',
    attributes: numbers,
    views: (_attributes, [x, gain]) => ({
      inputs: [planes(x), gain.shape, planes(x)],
      outputs: [planes(x)],
    }),
  },
  flops: perInput(16),
  // dx = J (g gain)
  decompose: ([x, gain, g], grouping) => {
    const h = grouped(mul(g, aligned(gain, x)), grouping);
    return reshape(standardizePartial(h, standardize(grouped(x, grouping), grouping.eps)), x.shape);
  },
  batch: moreImages(0, 2),
  example: { axis: (use) => sameImage(use, [1]) },
});

const groupNormGrad = (x: Tensor, gain: Tensor, g: Tensor, grouping: Grouping): Tensor =>
  single(groupNormGradOp([x, gain, g], grouping));

/** The images before gain and bias, by the fused kernel. */
function normal(x: Tensor, grouping: Grouping): Tensor {
  const channels = x.shape.slice(1, 2);
  return single(groupNormOp([x, ones(channels, x.dtype), zeros(channels, x.dtype)], grouping));
}

export interface GroupNormOptions {
  /** How many groups of neighbouring channels there are; divides their number. Default 32, as in the paper. */
  readonly groups?: number;
  /** Added to the variance. Default 1e-5, as in PyTorch; checkpoints say which value they were trained with. */
  readonly eps?: number;
}

const GROUP_NORM_OPTIONS: Kinds<GroupNormOptions> = { groups: 'number', eps: 'number' };

/**
 * Group normalisation (Wu and He 2018) of x [N, C, ...] with gain [C] and bias [C]: mean and variance over the channels of
 * a group and everything after them, image by image,
 *
 *     y = (x - mean) / sqrt(variance + eps) gain + bias
 *
 * @throws ShapeError when the groups do not divide the channels or gain and bias are not [C]; DTypeError unless all have
 *   one float dtype; OptionError for a misspelled or impossible option.
 */
export function groupNorm(x: Tensor, gain: Tensor, bias: Tensor, options: GroupNormOptions = {}): Tensor {
  checkTensors('groupNorm', { x, gain, bias });
  checkKinds('groupNorm', options, GROUP_NORM_OPTIONS);
  const { groups = 32, eps = DEFAULT_EPS } = options;
  checkEps('groupNorm', eps);
  if (!Number.isSafeInteger(groups) || groups < 1) {
    throw new OptionError(`groupNorm: groups must be a positive integer, got ${groups}`);
  }
  return single(groupNormOp([x, gain, bias], { groups, eps }));
}

export interface InstanceNormOptions {
  /** Added to the variance. Default 1e-5, as in PyTorch. */
  readonly eps?: number;
}

const INSTANCE_NORM_OPTIONS: Kinds<InstanceNormOptions> = { eps: 'number' };

/**
 * Instance normalisation (Ulyanov et al. 2016) of x [N, C, ...] with gain [C] and bias [C]: `groupNorm` with a group per
 * channel, so that mean and variance are those of one plane of one image.
 *
 * @throws ShapeError unless x has an axis of channels and gain and bias are [C]; DTypeError unless all have one float
 *   dtype; OptionError for a misspelled or impossible option.
 */
export function instanceNorm(
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  options: InstanceNormOptions = {},
): Tensor {
  checkTensors('instanceNorm', { x, gain, bias });
  checkKinds('instanceNorm', options, INSTANCE_NORM_OPTIONS);
  const { eps = DEFAULT_EPS } = options;
  checkEps('instanceNorm', eps);
  checkChannels('instanceNorm', { groups: 1, eps }, x, gain, bias);
  // Without channels any number of groups will do.
  return single(groupNormOp([x, gain, bias], { groups: Math.max(1, x.shape[1] ?? 1), eps }));
}
