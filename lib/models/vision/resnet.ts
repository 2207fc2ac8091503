import type { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, cast } from '../../ops/elementwise/arithmetic';
import { conv2d } from '../../ops/networks/conv2d';
import { maxPool2d } from '../../ops/networks/pool2d';
import { batchNormFrozen } from '../../ops/norms/batchNorm';
import { mean } from '../../ops/reduce/reduce';
import { reshape } from '../../ops/shape/reshape';
import type { ModelOutputs, Network, ParameterShape } from '../checkpoint/checkpointModel';
import { activationOf, type ActivationName } from '../decoder/activations';
import { project, projectionShapes } from '../decoder/layers';
import type { Hooks } from '../hooks/hooks';
import { pixelsOf } from './visionTransformer';

/** A residual network as data. */
export interface ResnetDescription {
  readonly channels: number;
  /** Channels behind the stem. */
  readonly embedding: number;
  readonly stages: readonly { readonly channels: number; readonly depth: number; readonly stride: number }[];
  /** `basic`: two windows of 3 x 3; `bottleneck`: one of 3 x 3 between two of 1 x 1, with a quarter of the channels. */
  readonly layer: 'basic' | 'bottleneck';
  /** Whether a bottleneck's first window makes the step of 2, and not its second. */
  readonly stepsFirst: boolean;
  readonly activation: ActivationName;
  /** What all names but the classifier's begin with, with its dot. */
  readonly prefix: string;
  /** undefined: no head. */
  readonly classes?: number;
}

/** A convolution with the batch norm behind it. */
interface Convolution {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
}

interface Layer {
  readonly place: string;
  readonly convolutions: readonly Convolution[];
  readonly shortcut: Convolution | undefined;
}

const CLASSIFIER = 'classifier.1';

/**
 * A residual network (He et al. 2016) with batch norms as in inference: by their running statistics, which are buffers.
 *
 *     y = act(layers(x) + shortcut(x))
 */
export function resnet(d: ResnetDescription): Network {
  const stem: Convolution = {
    name: `${d.prefix}embedder.embedder`,
    ...{ inputs: d.channels, outputs: d.embedding, kernel: 7, stride: 2 },
  };
  const layers = layersOf(d);
  const all = [
    stem,
    ...layers.flatMap(({ convolutions, shortcut }) => [...(shortcut ? [shortcut] : []), ...convolutions]),
  ];
  const width = d.stages.at(-1)?.channels ?? d.embedding;
  const act = activationOf(d.activation);
  return {
    parameters: [
      ...all.flatMap(convolutionShapes),
      ...(d.classes === undefined ? [] : projectionShapes(CLASSIFIER, [width, d.classes], { bias: true })),
    ],
    buffers: all.flatMap(({ name, outputs }) => [
      { name: `${name}.normalization.running_mean`, shape: [outputs] },
      { name: `${name}.normalization.running_var`, shape: [outputs] },
    ]),
    hookPoints: [
      'embed',
      ...layers.map(({ place }) => place),
      'pooled',
      ...(d.classes === undefined ? [] : ['logits']),
    ],
    tied: new Map(),
    outputs: (parameters, given, hooks, buffers) => {
      const apply = (x: Tensor, one: Convolution): Tensor =>
        normalizedConvolution(parameters, buffers, x, one);
      const like = parameters.get(`${stem.name}.convolution.weight`);
      const pixels = pixelsOf('resnet', given, [d.channels, undefined, undefined], like);
      const first = maxPool2d(act(apply(pixels, stem)), { kernel: 3, stride: 2, padding: 1 });
      let x = hooks.at('embed', first);
      for (const layer of layers) x = residual(layer, x, apply, act, hooks);
      const pooled = hooks.at('pooled', reshape(mean(x, { axis: [2, 3] }), [extent(x.shape, 0), width]));
      const outputs: ModelOutputs = { hidden: x, pooled };
      if (d.classes === undefined) return outputs;
      return { ...outputs, logits: hooks.at('logits', project(parameters, CLASSIFIER, pooled)) };
    },
  };
}

function residual(
  { place, convolutions, shortcut }: Layer,
  x: Tensor,
  apply: (x: Tensor, one: Convolution) => Tensor,
  act: (x: Tensor) => Tensor,
  hooks: Hooks,
): Tensor {
  const way = convolutions.reduce((value, one, i) => {
    const y = apply(value, one);
    return i < convolutions.length - 1 ? act(y) : y;
  }, x);
  return hooks.at(place, act(add(way, shortcut ? apply(x, shortcut) : x)));
}

function normalizedConvolution(
  parameters: Parameters,
  buffers: Parameters,
  x: Tensor,
  { name, kernel, stride }: Convolution,
): Tensor {
  const y = conv2d(x, parameters.get(`${name}.convolution.weight`), {
    stride,
    padding: Math.floor(kernel / 2),
  });
  const [gain, bias] = [
    parameters.get(`${name}.normalization.weight`),
    parameters.get(`${name}.normalization.bias`),
  ];
  const statistic = (which: string): Tensor => {
    const stored = buffers.get(`${name}.normalization.${which}`);
    return stored.dtype === gain.dtype ? stored : cast(stored, gain.dtype);
  };
  return batchNormFrozen(y, gain, bias, {
    mean: statistic('running_mean'),
    variance: statistic('running_var'),
  });
}

const convolutionShapes = ({ name, inputs, outputs, kernel }: Convolution): ParameterShape[] => [
  { name: `${name}.convolution.weight`, shape: [outputs, inputs, kernel, kernel] },
  { name: `${name}.normalization.weight`, shape: [outputs] },
  { name: `${name}.normalization.bias`, shape: [outputs] },
];

function layersOf(d: ResnetDescription): Layer[] {
  let inputs = d.embedding;
  return d.stages.flatMap(({ channels, depth, stride }, s) =>
    Array.from({ length: depth }, (_, l): Layer => {
      const own = l === 0 ? stride : 1;
      const name = `${d.prefix}encoder.stages.${s}.layers.${l}`;
      const layer: Layer = {
        place: `stages.${s}.layers.${l}`,
        convolutions: windowsOf(d, inputs, channels, own).map((window, i) => ({
          name: `${name}.layer.${i}`,
          ...window,
        })),
        shortcut:
          inputs === channels && own === 1
            ? undefined
            : { name: `${name}.shortcut`, inputs, outputs: channels, kernel: 1, stride: own },
      };
      inputs = channels;
      return layer;
    }),
  );
}

function windowsOf(
  { layer, stepsFirst }: ResnetDescription,
  inputs: number,
  outputs: number,
  stride: number,
): Omit<Convolution, 'name'>[] {
  if (layer === 'basic') {
    return [
      { inputs, outputs, kernel: 3, stride },
      { inputs: outputs, outputs, kernel: 3, stride: 1 },
    ];
  }
  const narrow = Math.floor(outputs / 4);
  return [
    { inputs, outputs: narrow, kernel: 1, stride: stepsFirst ? stride : 1 },
    { inputs: narrow, outputs: narrow, kernel: 3, stride: stepsFirst ? 1 : stride },
    { inputs: narrow, outputs, kernel: 1, stride: 1 },
  ];
}
