import { z } from 'zod';

import type { Shape } from '../graph/shape';
import { conv2d } from '../ops/networks/conv2d';
import { add } from '../ops/elementwise/arithmetic';
import { relu } from '../ops/elementwise/math';
import { linear } from '../ops/products/matmul';
import { maxPool2d } from '../ops/networks/pool2d';
import { flatten, reshape } from '../ops/shape/reshape';
import {
  initialParameters,
  layer,
  modelOf,
  prepared,
  type Architecture,
  type InitialOptions,
} from './architecture';
import type { Model } from './model';

export interface CnnOptions {
  /** Channels, height and width of an example. */
  readonly image: readonly [channels: number, height: number, width: number];
  /** Output channels of each convolution; after each one height and width are halved. */
  readonly channels: readonly number[];
  /** Width of the hidden linear layer. */
  readonly hidden: number;
  readonly classes: number;
}

const extent = z.int().positive();
const schema = z
  .strictObject({
    model_type: z.literal('cnn'),
    image: z.tuple([extent, extent, extent]),
    channels: z.array(extent).min(1),
    hidden: extent,
    classes: extent,
  })
  .refine(({ image, channels }) => Math.min(image[1], image[2]) >= 2 ** channels.length, {
    path: ['channels'],
    error: 'the image is too small to be halved so often',
  });
export type CnnConfig = z.infer<typeof schema>;

/** [channels, height, width] after all convolutions. */
function pooled({ image: [, height, width], channels }: CnnConfig): Shape {
  const halved = (size: number): number => Math.floor(size / 2 ** channels.length);
  return [channels.at(-1) ?? 0, halved(height), halved(width)];
}

/** Stages of 3x3 convolution, relu and 2x2 max pooling, then a hidden linear layer with relu and an output layer. */
export const cnnArchitecture: Architecture<CnnConfig> = {
  modelType: 'cnn',
  schema,
  parameters: (config) => {
    const { image, channels, hidden, classes } = config;
    const depths = [image[0], ...channels];
    const features = pooled(config).reduce((size, extent) => size * extent, 1);
    return [
      ...channels.flatMap((out, i) => layer(`conv${i + 1}`, [out, depths[i] ?? 0, 3, 3])),
      ...layer('fc1', [hidden, features]),
      ...layer('fc2', [classes, hidden]),
    ];
  },
  forward: ({ image, channels }, parameters, x) => {
    let h = prepared('cnn', x, image, parameters);
    for (const [i, out] of channels.entries()) {
      const bias = reshape(parameters.get(`conv${i + 1}.bias`), [out, 1, 1]);
      // Adding the bias and relu keep the order of numbers, so they come after pooling, on a quarter of the cells.
      h = maxPool2d(conv2d(h, parameters.get(`conv${i + 1}.weight`), { padding: 1 }), { kernel: 2 });
      h = relu(add(h, bias));
    }
    h = relu(linear(flatten(h, 1), parameters.get('fc1.weight'), parameters.get('fc1.bias')));
    return linear(h, parameters.get('fc2.weight'), parameters.get('fc2.bias'));
  },
};

/**
 * A small convolutional classifier with random parameters: `conv1.weight` [out, in, 3, 3], `conv1.bias`, ...,
 * `fc1.weight` [hidden, features], `fc1.bias`, `fc2.weight` [classes, hidden], `fc2.bias`.
 *
 * @example
 * const model = cnn({ image: [1, 28, 28], channels: [16, 32], hidden: 128, classes: 10 }, { seed: 1 });
 * @throws FormatError for an extent that is no positive integer, or an image too small for so many stages.
 */
export const cnn = ({ image, channels, hidden, classes }: CnnOptions, options: InitialOptions = {}): Model =>
  modelOf(cnnArchitecture, { model_type: 'cnn', image, channels, hidden, classes }, (specs) =>
    initialParameters(specs, options),
  );
