import { readActivation } from '../decoder/activations';
import { resnet as network } from '../vision/resnet';
import { classCount } from './encoderFamily';
import type { Family } from './family';

/** ResNet (He et al. 2016) of any depth, with basic or bottleneck layers. */
export const resnet: Family = {
  modelType: 'resnet',
  classes: ['ResNetForImageClassification', 'ResNetModel'],
  buffers: /\.num_batches_tracked$/,
  network: (fields, { has, architecture }) => {
    const [sizes, depths] = [fields.numbers('hidden_sizes'), fields.numbers('depths')];
    if (sizes.length !== depths.length || sizes.length === 0)
      throw fields.refuse('depths', `${sizes.length} of them expected, as there are hidden_sizes`);
    fields.only('layer_type', 'basic', 'bottleneck');
    const isFirstStepped = fields.flag('downsample_in_first_stage', false);
    // Of use as the backbone of other models alone.
    fields.ignore('stage_names', 'out_features', 'out_indices');
    return network({
      channels: fields.extent('num_channels', 3),
      embedding: fields.extent('embedding_size', 64),
      stages: sizes.map((channels, s) => ({
        channels,
        depth: depths[s] ?? 1,
        stride: s > 0 || isFirstStepped ? 2 : 1,
      })),
      layer: fields.text('layer_type', 'bottleneck') as 'basic' | 'bottleneck',
      stepsFirst: fields.flag('downsample_in_bottleneck', false),
      activation: readActivation(fields, 'hidden_act', 'relu'),
      prefix: has('embedder.embedder.convolution.weight') ? '' : 'resnet.',
      ...(architecture === 'ResNetModel' ? {} : { classes: classCount(fields) }),
    });
  },
};
