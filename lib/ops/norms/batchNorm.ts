import { checkRecord, OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { perInput } from '../../graph/flops';
import { defineOp, several, single, type AxisUse } from '../../graph/op';
import { extent, formatShape, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, mul, ones, sub, zeros } from '../elementwise/arithmetic';
import { rsqrt } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { mean, variance } from '../reduce/reduce';
import { broadcastTo } from '../reduce/sum';
import { stopGradient } from '../shape/identity';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { aligned, perChannel, planes } from './channels';
import { checkEps, DEFAULT_EPS, standardize, standardizePartial } from './standardize';

interface Epsilon {
  readonly eps: number;
}

/** Checks x [N, C, ...] and vectors of C numbers. */
function checkBatch(where: string, x: Spec, ...vectors: readonly Spec[]): void {
  checkFloats(where, x, ...vectors);
  if (x.shape.length < 2) throw new ShapeError(`${where}: [N, C, ...] expected, got ${formatShape(x.shape)}`);
  for (const vector of vectors) checkSame(where, 'vectors of channels', vector, x.shape.slice(1, 2));
}

/** Throws for a batch of nothing: it has no statistics. */
function checkElements(where: string, x: Spec): void {
  if (sizeOf(x.shape) > 0 || x.shape[1] === 0) return;
  throw new ShapeError(`${where}: a batch with elements expected, got ${formatShape(x.shape)}`);
}

const mixing = ({ mixes }: AxisUse<object>): never =>
  mixes('it normalises by the statistics of the batch: use batchNormFrozen with running statistics instead');

/** One row per channel. */
const channelRows = (x: Tensor): Tensor => {
  const [n, c, cells] = planes(x) as [number, number, number];
  return reshape(transpose(reshape(x, [n, c, cells]), [1, 0, 2]), [c, n * cells]);
};

const fromChannelRows = (rows: Tensor, { shape }: Spec): Tensor => {
  const [n, c, cells] = planes({ shape, dtype: rows.dtype }) as [number, number, number];
  return reshape(transpose(reshape(rows, [c, n, cells]), [1, 0, 2]), shape);
};

/** Results: y, and as constants the mean and the variance of every channel. */
const batchNormOp = defineOp<Epsilon>('batchNorm', {
  infer: ([x, gain, bias]) => {
    checkBatch('batchNorm', x, gain, bias);
    checkElements('batchNorm', x);
    const channels: Spec = { shape: gain.shape, dtype: x.dtype };
    return [{ shape: x.shape, dtype: x.dtype }, channels, channels];
  },
  lower: {
    kernel: 'batchNorm',
    attributes: ({ eps }) => [eps],
    views: (_attributes, [x, gain, bias]) => ({
      inputs: [planes(x), gain.shape, bias.shape],
      outputs: [planes(x), gain.shape, gain.shape],
    }),
  },
  flops: perInput(7),
  // y = normal gain + bias: dgain = sum(g normal), dbias = sum(g).
  vjp: ([g], [x, gain], _outputs, { eps }, [wantX, wantGain, wantBias]) => [
    wantX ? batchNormGrad(x, gain, g, eps) : null,
    wantGain ? perChannel(mul(g, normal(x, eps))) : null,
    wantBias ? perChannel(g) : null,
  ],
  // dy = gain J dx + normal dgain + dbias, where J, the derivative of the normal, is symmetric.
  jvp: ([dx, dgain, dbias], [x, gain], _outputs, { eps }) => {
    const parts = [
      dx && mul(aligned(gain, x), batchNormGrad(x, ones(gain.shape, gain.dtype), dx, eps)),
      dgain && mul(normal(x, eps), aligned(dgain, x)),
      dbias && broadcastTo(aligned(dbias, x), x.shape),
    ].filter((part) => part !== null);
    return [parts.reduce((total, part) => add(total, part)), null, null];
  },
  decompose: ([x, gain, bias], { eps }) => {
    const rows = channelRows(x);
    const normal = fromChannelRows(standardize(rows, eps).normal, x);
    const statistics = [mean(rows, { axis: 1 }), variance(rows, { axis: 1 })];
    return [add(mul(normal, aligned(gain, x)), aligned(bias, x)), ...statistics.map(stopGradient)];
  },
  example: { axis: mixing },
});

const batchNormGradOp = defineOp<Epsilon>('batchNormGrad', {
  infer: ([x, gain, g]) => {
    checkBatch('batchNormGrad', x, gain);
    checkElements('batchNormGrad', x);
    checkFloats('batchNormGrad', x, g);
    checkSame('batchNormGrad', 'cotangents', g, x.shape);
    return { shape: x.shape, dtype: x.dtype };
  },
  lower: {
    kernel: 'batchNormGrad',
    attributes: ({ eps }) => [eps],
    views: (_attributes, [x, gain]) => ({ inputs: [planes(x), gain.shape, planes(x)], outputs: [planes(x)] }),
  },
  flops: perInput(12),
  // dx = J (g gain)
  decompose: ([x, gain, g], { eps }) => {
    const h = channelRows(mul(g, aligned(gain, x)));
    return fromChannelRows(standardizePartial(h, standardize(channelRows(x), eps)), x);
  },
  example: { axis: mixing },
});

const batchNormGrad = (x: Tensor, gain: Tensor, g: Tensor, eps: number): Tensor =>
  single(batchNormGradOp([x, gain, g], { eps }));

/** The batch before gain and bias, by the fused kernel. */
function normal(x: Tensor, eps: number): Tensor {
  const channels = x.shape.slice(1, 2);
  return several(batchNormOp([x, ones(channels, x.dtype), zeros(channels, x.dtype)], { eps }))[0];
}

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5, as in PyTorch; checkpoints say which value they were trained with. */
  readonly eps?: number;
}

const BATCH_NORM_OPTIONS: Kinds<BatchNormOptions> = { eps: 'number' };

/** The statistics of a batch, for `runningStatistics`. */
export interface BatchStatistics {
  /** [C] */
  readonly mean: Tensor;
  /** [C], the mean squared deviation. */
  readonly variance: Tensor;
  /** How many elements a channel had. */
  readonly count: number;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) of x [N, C, ...] with gain [C] and bias [C], as in training: mean and
 * variance of a channel over the whole batch,
 *
 *     y = (x - mean) / sqrt(variance + eps) gain + bias
 *
 * The statistics come back as well; they count as constants to derivatives. As every example takes part in them, there
 * are no per-example gradients: use `batchNormFrozen` for those.
 *
 * @example
 * const { y, ...statistics } = batchNorm(x, gain, bias);
 * const running = runningStatistics(before, statistics);
 * @throws ShapeError when gain and bias are not [C] or the batch is empty; DTypeError unless all have one float dtype;
 *   OptionError for a misspelled or impossible option.
 */
export function batchNorm(
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  options: BatchNormOptions = {},
): BatchStatistics & { readonly y: Tensor } {
  checkTensors('batchNorm', { x, gain, bias });
  checkKinds('batchNorm', options, BATCH_NORM_OPTIONS);
  const { eps = DEFAULT_EPS } = options;
  checkEps('batchNorm', eps);
  checkBatch('batchNorm', x, gain, bias);
  // Rows of features: the kernel wants the elements of a channel side by side.
  const isRows = x.shape.length === 2;
  const batch = isRows ? reshape(transpose(x), [1, ...[...x.shape].reverse()]) : x;
  const [y, means, variances] = several(batchNormOp([batch, gain, bias], { eps }));
  return {
    y: isRows ? transpose(reshape(y, [...x.shape].reverse())) : y,
    mean: means,
    variance: variances,
    count: extent(x.shape, 0) * sizeOf(x.shape.slice(2)),
  };
}

/**
 * Batch normalisation as in inference: x [N, C, ...] by a mean and a variance [C] that are given,
 *
 *     y = (x - mean) / sqrt(variance + eps) gain + bias
 *
 * Examples stay apart, so per-example gradients are exact for gain and bias as for everything before.
 *
 * @throws ShapeError when a vector is not [C]; DTypeError unless all have one float dtype; OptionError.
 */
export function batchNormFrozen(
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  statistics: { readonly mean: Tensor; readonly variance: Tensor },
  options: BatchNormOptions = {},
): Tensor {
  checkRecord('batchNormFrozen', statistics, 'the statistics');
  const { mean, variance } = statistics;
  checkTensors('batchNormFrozen', { x, gain, bias, mean, variance });
  checkKinds('batchNormFrozen', options, BATCH_NORM_OPTIONS);
  const { eps = DEFAULT_EPS } = options;
  checkEps('batchNormFrozen', eps);
  checkBatch('batchNormFrozen', x, gain, bias, statistics.mean, statistics.variance);
  const scale = mul(gain, rsqrt(add(statistics.variance, eps)));
  return add(mul(sub(x, aligned(statistics.mean, x)), aligned(scale, x)), aligned(bias, x));
}

export interface RunningOptions {
  /** The weight of the batch. Default 0.1, as in PyTorch. */
  readonly momentum?: number;
}

const RUNNING_OPTIONS: Kinds<RunningOptions> = { momentum: 'number' };

/**
 * Running statistics after one more batch: `(1 - momentum) before + momentum batch`, where the variance of the batch is
 * first made unbiased, `variance count / (count - 1)`, as in PyTorch.
 *
 * @throws OptionError unless the momentum is from 0 to 1; ShapeError for a batch of one element, which has no unbiased
 *   variance.
 */
export function runningStatistics(
  before: { readonly mean: Tensor; readonly variance: Tensor },
  batch: BatchStatistics,
  options: RunningOptions = {},
): { mean: Tensor; variance: Tensor } {
  checkRecord('runningStatistics', before, 'what was before');
  checkRecord('runningStatistics', batch, 'the batch');
  checkTensors('runningStatistics', { mean: before.mean, variance: before.variance });
  checkTensors('runningStatistics', {
    'mean of the batch': batch.mean,
    'variance of the batch': batch.variance,
  });
  checkKinds('runningStatistics', options, RUNNING_OPTIONS);
  const { momentum = 0.1 } = options;
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new OptionError(`runningStatistics: momentum must be from 0 to 1, got ${momentum}`);
  }
  if (!(batch.count >= 2)) {
    throw new ShapeError(
      `runningStatistics: two elements per channel expected, got ${batch.count}; train with larger batches`,
    );
  }
  const mixed = (old: Tensor, own: Tensor, weight: number): Tensor =>
    add(mul(old, 1 - momentum), mul(stopGradient(own), weight));
  const unbiased = momentum * (batch.count / (batch.count - 1));
  return {
    mean: mixed(before.mean, batch.mean, momentum),
    variance: mixed(before.variance, batch.variance, unbiased),
  };
}
