import { checkOptions } from '../../errors';
import type { Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { zeros } from '../../ops/elementwise/arithmetic';
import {
  groupNorm as groupNormOf,
  instanceNorm as instanceNormOf,
  layerNorm as layerNormOf,
  rmsNorm as rmsNormOf,
} from '../../ops/norms';
import { onesInitial, zerosInitial } from '../init/initializer';
import { layer, parameter, type Layer, type OwnParameter } from '../layer';
import { checkExtents } from './extents';

export interface NormLayerOptions {
  /** Added to the variance. Default that of the operation. */
  readonly eps?: number;
  /** Default true. */
  readonly bias?: boolean;
}

export interface GroupNormLayerOptions extends NormLayerOptions {
  /** How many groups of neighbouring channels there are. Default 32. */
  readonly groups?: number;
}

const gainAndBias = (
  shape: Shape,
  hasBias: boolean,
): { weight: OwnParameter; bias: OwnParameter | undefined } => ({
  weight: parameter(shape, onesInitial),
  bias: hasBias ? parameter(shape, zerosInitial) : undefined,
});

const epsOf = ({ eps }: NormLayerOptions): { eps?: number } => (eps === undefined ? {} : { eps });

/** `layerNorm` over the last axis: `weight` [width], `bias` [width]. @throws OptionError. */
export function layerNorm(width: number, options: NormLayerOptions = {}): Layer {
  checkOptions('nn.layerNorm', options, ['eps', 'bias']);
  checkExtents('nn.layerNorm', { width });
  return layer(gainAndBias([width], options.bias ?? true), ({ weight, bias }, x: Tensor) =>
    layerNormOf(x, weight, bias ?? zeros(weight.shape, weight.dtype), epsOf(options)),
  );
}

/** `rmsNorm` over the last axis: `weight` [width]. @throws OptionError. */
export function rmsNorm(width: number, options: { readonly eps?: number } = {}): Layer {
  checkOptions('nn.rmsNorm', options, ['eps']);
  checkExtents('nn.rmsNorm', { width });
  return layer({ weight: parameter([width], onesInitial) }, ({ weight }, x: Tensor) =>
    rmsNormOf(x, weight, epsOf(options)),
  );
}

/** `groupNorm` of x [N, channels, ...]: `weight` [channels], `bias` [channels]. @throws OptionError. */
export function groupNorm(channels: number, options: GroupNormLayerOptions = {}): Layer {
  checkOptions('nn.groupNorm', options, ['groups', 'eps', 'bias']);
  checkExtents('nn.groupNorm', { channels });
  const { groups = 32 } = options;
  return layer(gainAndBias([channels], options.bias ?? true), ({ weight, bias }, x: Tensor) =>
    groupNormOf(x, weight, bias ?? zeros(weight.shape, weight.dtype), { groups, ...epsOf(options) }),
  );
}

/** `instanceNorm` of x [N, channels, ...]: `weight` [channels], `bias` [channels]. @throws OptionError. */
export function instanceNorm(channels: number, options: NormLayerOptions = {}): Layer {
  checkOptions('nn.instanceNorm', options, ['eps', 'bias']);
  checkExtents('nn.instanceNorm', { channels });
  return layer(gainAndBias([channels], options.bias ?? true), ({ weight, bias }, x: Tensor) =>
    instanceNormOf(x, weight, bias ?? zeros(weight.shape, weight.dtype), epsOf(options)),
  );
}
