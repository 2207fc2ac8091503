import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { conv1d as conv1dOf, convTranspose1d as convTranspose1dOf } from '../../ops/networks/conv1d';
import type { Conv1dOptions, ConvTranspose1dOptions } from '../../ops/networks/conv1d';
import { conv2d as conv2dOf, type Conv2dOptions } from '../../ops/networks/conv2d';
import {
  convTranspose2d as convTranspose2dOf,
  type ConvTranspose2dOptions,
} from '../../ops/networks/convTranspose2d';
import type { Pair } from '../../ops/networks/window';
import { drawnFrom, type Initializer } from '../init/initializer';
import { fanInUniform } from '../init/weights';
import { layer, parameter, type Layer } from '../layer';
import { checkExtents, checkMultiple } from './extents';

/** What every layer of convolutions takes besides. */
export interface ConvolutionLayer {
  /** Default true. */
  readonly bias?: boolean;
  /** Default uniform within `1 / sqrt(fan in)`, as in PyTorch. */
  readonly initialWeight?: Initializer;
  /** Default as the weight. */
  readonly initialBias?: Initializer;
}

/** What the operation takes, and the window. */
export type Conv1dLayerOptions = Omit<Conv1dOptions, 'bias'> & ConvolutionLayer & { readonly kernel: number };
export type Conv2dLayerOptions = Omit<Conv2dOptions, 'bias'> & ConvolutionLayer & { readonly kernel: Pair };
export type ConvTranspose1dLayerOptions = Omit<ConvTranspose1dOptions, 'bias'> &
  ConvolutionLayer & { readonly kernel: number };
export type ConvTranspose2dLayerOptions = Omit<ConvTranspose2dOptions, 'bias'> &
  ConvolutionLayer & { readonly kernel: Pair };

type Operation<O> = (x: Tensor, w: Tensor, options: O & { readonly bias?: Tensor }) => Tensor;

interface Window {
  readonly kernel: readonly number[];
  readonly groups?: number;
  readonly isTransposed: boolean;
}

const OWN = ['kernel', 'bias', 'initialWeight', 'initialBias'];

/** The weight [out, in / groups, ...kernel], or [in, out / groups, ...kernel] of a transposed map, and the bias [out]. */
function convolution<O extends object>(
  where: string,
  [inputs, outputs]: readonly [number, number],
  { kernel, groups = 1, isTransposed }: Window,
  operation: Operation<O>,
  { bias: hasBias = true, ...options }: ConvolutionLayer & O,
): Layer {
  checkExtents(where, {
    inputs,
    outputs,
    groups,
    ...Object.fromEntries(kernel.map((n, i) => [`kernel ${i}`, n])),
  });
  checkMultiple(where, 'inputs that are a multiple of the groups', inputs, groups);
  checkMultiple(where, 'outputs that are a multiple of the groups', outputs, groups);
  const [first, second] = isTransposed ? [inputs, outputs] : [outputs, inputs];
  // PyTorch reads the fan off the second axis for transposed weights, too.
  const fanIn = kernel.reduce((fan, n) => fan * n, second / groups);
  const byFan = drawnFrom(fanInUniform, { fanIn });
  const { initialWeight = byFan, initialBias = byFan, ...sliding } = options;
  return layer(
    {
      weight: parameter([first, second / groups, ...kernel], initialWeight),
      bias: hasBias ? parameter([outputs], initialBias) : undefined,
    },
    ({ weight, bias }, x: Tensor) =>
      operation(x, weight, { ...(sliding as unknown as O), ...(bias ? { bias } : {}) }),
  );
}

/** Height and width; what is neither one extent nor two is refused as an extent. */
const sides = (kernel: Pair): readonly number[] =>
  Array.isArray(kernel) && kernel.length === 2
    ? (kernel as [number, number])
    : [kernel as number, kernel as number];
const groupsOf = ({ groups }: { readonly groups?: number }): { groups?: number } =>
  groups === undefined ? {} : { groups };

/**
 * `conv1d` of x [N, in, L]: `weight` [out, in / groups, kernel], `bias` [out].
 * @throws OptionError for a misspelled option or an impossible extent.
 */
export function conv1d(inputs: number, outputs: number, options: Conv1dLayerOptions): Layer {
  checkOptions('nn.conv1d', options, [...OWN, 'stride', 'padding', 'dilation', 'groups']);
  const { kernel, ...others } = options;
  const window = { kernel: [kernel], isTransposed: false, ...groupsOf(others) };
  return convolution('nn.conv1d', [inputs, outputs], window, conv1dOf, others);
}

/**
 * `conv2d` of x [N, in, H, W]: `weight` [out, in / groups, kh, kw], `bias` [out].
 *
 * @example
 * nn.conv2d(3, 16, { kernel: 3, padding: 1, stride: 2 });
 * @throws OptionError for a misspelled option or an impossible extent.
 */
export function conv2d(inputs: number, outputs: number, options: Conv2dLayerOptions): Layer {
  checkOptions('nn.conv2d', options, [...OWN, 'stride', 'padding', 'dilation', 'groups']);
  const { kernel, ...others } = options;
  const window = { kernel: sides(kernel), isTransposed: false, ...groupsOf(others) };
  return convolution('nn.conv2d', [inputs, outputs], window, conv2dOf, others);
}

/**
 * `convTranspose1d` of x [N, in, L]: `weight` [in, out / groups, kernel], `bias` [out].
 * @throws OptionError for a misspelled option or an impossible extent.
 */
export function convTranspose1d(
  inputs: number,
  outputs: number,
  options: ConvTranspose1dLayerOptions,
): Layer {
  checkOptions('nn.convTranspose1d', options, [
    ...[...OWN, 'stride', 'padding'],
    ...['outputPadding', 'dilation', 'groups'],
  ]);
  const { kernel, ...others } = options;
  const window = { kernel: [kernel], isTransposed: true, ...groupsOf(others) };
  return convolution('nn.convTranspose1d', [inputs, outputs], window, convTranspose1dOf, others);
}

/**
 * `convTranspose2d` of x [N, in, H, W]: `weight` [in, out / groups, kh, kw], `bias` [out].
 * @throws OptionError for a misspelled option or an impossible extent.
 */
export function convTranspose2d(
  inputs: number,
  outputs: number,
  options: ConvTranspose2dLayerOptions,
): Layer {
  checkOptions('nn.convTranspose2d', options, [
    ...[...OWN, 'stride', 'padding'],
    ...['outputPadding', 'dilation', 'groups'],
  ]);
  const { kernel, ...others } = options;
  const window = { kernel: sides(kernel), isTransposed: true, ...groupsOf(others) };
  return convolution('nn.convTranspose2d', [inputs, outputs], window, convTranspose2dOf, others);
}
