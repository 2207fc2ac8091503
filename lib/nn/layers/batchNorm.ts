import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { batchNorm as batchNormOf, batchNormFrozen, runningStatistics } from '../../ops/norms';
import { onesInitial, zerosInitial } from '../init/initializer';
import { layer, parameter, type Layer, type OwnParameter } from '../layer';
import { checkExtents } from './extents';

export interface BatchNormLayerOptions {
  /** Added to the variance. Default 1e-5, as in PyTorch. */
  readonly eps?: number;
}

export interface TrainingBatchNormOptions extends BatchNormLayerOptions {
  /** The weight of the batch in the running statistics. Default 0.1, as in PyTorch. */
  readonly momentum?: number;
}

/** What a batch makes of the running statistics: values for `running_mean` and `running_var`. */
export interface TrainedBatch {
  readonly y: Tensor;
  readonly running: { readonly mean: Tensor; readonly variance: Tensor };
}

const parts = (
  channels: number,
): Record<'weight' | 'bias' | 'running_mean' | 'running_var', OwnParameter> => ({
  weight: parameter([channels], onesInitial),
  bias: parameter([channels], zerosInitial),
  running_mean: parameter([channels], zerosInitial),
  running_var: parameter([channels], onesInitial),
});

const epsOf = ({ eps }: BatchNormLayerOptions): { eps?: number } => (eps === undefined ? {} : { eps });

/**
 * `batchNormFrozen` of x [N, channels, ...], by the running statistics: `weight`, `bias`, `running_mean` and `running_var`,
 * all [channels]. Examples stay apart. The running statistics are no weights: leave them out of training.
 *
 * @throws OptionError for a misspelled option or a number of channels that is no positive integer.
 */
export function batchNorm(channels: number, options: BatchNormLayerOptions = {}): Layer {
  checkOptions('nn.batchNorm', options, ['eps']);
  checkExtents('nn.batchNorm', { channels });
  return layer(parts(channels), ({ weight, bias, running_mean, running_var }, x: Tensor) =>
    batchNormFrozen(x, weight, bias, { mean: running_mean, variance: running_var }, epsOf(options)),
  );
}

/**
 * The same parameters as in training: normalises by the statistics of the batch and returns, besides y, the running
 * statistics after it. Nothing is changed: put them into the next parameters.
 *
 * @throws OptionError for a misspelled option or a number of channels that is no positive integer.
 */
export function trainingBatchNorm(
  channels: number,
  options: TrainingBatchNormOptions = {},
): Layer<readonly [x: Tensor], TrainedBatch> {
  checkOptions('nn.trainingBatchNorm', options, ['eps', 'momentum']);
  checkExtents('nn.trainingBatchNorm', { channels });
  const { momentum } = options;
  return layer(parts(channels), ({ weight, bias, running_mean, running_var }, x: Tensor) => {
    const { y, ...batch } = batchNormOf(x, weight, bias, epsOf(options));
    const before = { mean: running_mean, variance: running_var };
    return { y, running: runningStatistics(before, batch, momentum === undefined ? {} : { momentum }) };
  });
}
