import { ShapeError } from '../../errors';
import { formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { layer, type Layer } from '../../nn/layer';
import { conv2d } from '../../nn/layers/convolutions';
import { groupNorm } from '../../nn/layers/norms';
import { residualBlock } from '../../nn/unet/residualBlock';
import { downsample, upsample } from '../../nn/unet/sampling';
import { spatialAttention } from '../../nn/unet/spatialAttention';
import { clip, silu } from '../../ops/elementwise/activations';
import { split } from '../../ops/shape/slice';
import type { Fields } from '../checkpoint/fields';
import { extents } from './unetDescription';

/** A Gaussian for every cell of the latents, [N, latents, H / 2^k, W / 2^k]. */
export interface Posterior {
  readonly mean: Tensor;
  readonly logVariance: Tensor;
}

/** An autoencoder as plain data. */
export interface AutoencoderDescription {
  readonly inputs: number;
  readonly outputs: number;
  readonly latents: number;
  /** From the largest images to the smallest. */
  readonly widths: readonly number[];
  readonly layers: number;
  readonly groups: number;
  /** Whether a 1 x 1 convolution stands behind the encoder and before the decoder. */
  readonly quantConv: boolean;
  readonly postQuantConv: boolean;
}

/** What latents are multiplied by before diffusion: 1 over their deviation in Stable Diffusion 1. */
export const DEFAULT_SCALING = 0.18215;

/** Reads the configuration of an `AutoencoderKL`. Defaults are those of `diffusers`. */
export function describeAutoencoder(fields: Fields): AutoencoderDescription {
  fields.ignore('_class_name', '_diffusers_version', 'sample_size', 'force_upcast');
  // What pipelines multiply latents with; the network itself has nothing to do with it.
  fields.number('scaling_factor', DEFAULT_SCALING);
  fields.only('act_fn', 'silu', 'swish');
  fields.only('mid_block_add_attention', true);
  fields.only('shift_factor', 0);
  const widths = fields.has('block_out_channels') ? extents(fields, 'block_out_channels') : [64];
  for (const [name, kind] of [
    ['down_block_types', 'DownEncoderBlock2D'],
    ['up_block_types', 'UpDecoderBlock2D'],
  ] as const) {
    const kinds = fields.texts(name) ?? widths.map(() => kind);
    const unknown = kinds.find((one) => one !== kind);
    if (unknown !== undefined) throw fields.refuse(name, `'${unknown}' is not supported, only ${kind}`);
    if (kinds.length !== widths.length)
      throw fields.refuse(
        name,
        `${widths.length} expected, one for each of block_out_channels, got ${kinds.length}`,
      );
  }
  return {
    inputs: fields.extent('in_channels', 3),
    outputs: fields.extent('out_channels', 3),
    latents: fields.extent('latent_channels', 4),
    widths,
    layers: fields.extent('layers_per_block', 1),
    groups: fields.extent('norm_num_groups', 32),
    quantConv: fields.flag('use_quant_conv', true),
    postQuantConv: fields.flag('use_post_quant_conv', true),
  };
}

/** Of all norms in here. */
const EPS = 1e-6;
const WIDE = { kernel: 3, padding: 1 };

/** Images [N, inputs, H, W] to the Gaussians of their latents, with the names of `diffusers`. */
export function encoder(d: AutoencoderDescription): Layer<readonly [images: Tensor], Posterior> {
  const { widths, groups } = d;
  const [first = 1, top = 1] = [widths[0], widths.at(-1)];
  const res = (inputs: number, outputs: number): ReturnType<typeof residualBlock> =>
    residualBlock(inputs, outputs, { groups, eps: EPS });
  return layer(
    {
      encoder: {
        conv_in: conv2d(d.inputs, first, WIDE),
        down_blocks: widths.map((width, i) => ({
          resnets: Array.from({ length: d.layers }, (_, j) =>
            res(j === 0 ? (widths[i - 1] ?? first) : width, width),
          ),
          downsamplers: i === widths.length - 1 ? [] : [downsample(width, width, { padding: 'after' })],
        })),
        mid_block: middle(top, groups),
        conv_norm_out: groupNorm(top, { groups, eps: EPS }),
        conv_out: conv2d(top, 2 * d.latents, WIDE),
      },
      quant_conv: d.quantConv ? conv2d(2 * d.latents, 2 * d.latents, { kernel: 1 }) : undefined,
    },
    ({ encoder: own, quant_conv }, images: Tensor) => {
      checkImages('pixelValues', d.inputs, 2 ** (widths.length - 1), images);
      let h = own.conv_in(images);
      for (const { resnets, downsamplers } of own.down_blocks)
        h = [...resnets, ...downsamplers].reduce((x, part) => part(x), h);
      h = own.conv_out(silu(own.conv_norm_out(own.mid_block(h))));
      const moments = quant_conv ? quant_conv(h) : h;
      const [mean = moments, logVariance = moments] = split(moments, 2, { axis: 1 });
      return { mean, logVariance: clip(logVariance, { min: -30, max: 20 }) };
    },
  );
}

/** Latents [N, latents, h, w] to images [N, outputs, 2^k h, 2^k w], with the names of `diffusers`. */
export function decoder(d: AutoencoderDescription): Layer {
  const { groups } = d;
  const widths = [...d.widths].reverse();
  const [top = 1, last = 1] = [widths[0], widths.at(-1)];
  const res = (inputs: number, outputs: number): ReturnType<typeof residualBlock> =>
    residualBlock(inputs, outputs, { groups, eps: EPS });
  return layer(
    {
      post_quant_conv: d.postQuantConv ? conv2d(d.latents, d.latents, { kernel: 1 }) : undefined,
      decoder: {
        conv_in: conv2d(d.latents, top, WIDE),
        mid_block: middle(top, groups),
        up_blocks: widths.map((width, i) => ({
          resnets: Array.from({ length: d.layers + 1 }, (_, j) =>
            res(j === 0 ? (widths[i - 1] ?? top) : width, width),
          ),
          upsamplers: i === widths.length - 1 ? [] : [upsample(width)],
        })),
        conv_norm_out: groupNorm(last, { groups, eps: EPS }),
        conv_out: conv2d(last, d.outputs, WIDE),
      },
    },
    ({ decoder: own, post_quant_conv }, latents: Tensor) => {
      checkImages('latents', d.latents, 1, latents);
      let h = own.mid_block(own.conv_in(post_quant_conv ? post_quant_conv(latents) : latents));
      for (const { resnets, upsamplers } of own.up_blocks)
        h = [...resnets, ...upsamplers].reduce((x, part) => part(x), h);
      return own.conv_out(silu(own.conv_norm_out(h)));
    },
  );
}

/** Two residual blocks and attention with one head between them. */
function middle(width: number, groups: number): Layer {
  const res = (): ReturnType<typeof residualBlock> => residualBlock(width, width, { groups, eps: EPS });
  return layer(
    { resnets: [res(), res()], attentions: [spatialAttention(width, { groups, eps: EPS })] },
    ({ resnets: [before, after], attentions: [attention] }, x: Tensor) => after(attention(before(x))),
  );
}

function checkImages(name: string, channels: number, multiple: number, x: Tensor): void {
  const [, own, height = 0, width = 0] = x.shape;
  if (x.shape.length === 4 && own === channels && height % multiple === 0 && width % multiple === 0) return;
  const sides = multiple === 1 ? '' : ` with H and W multiples of ${multiple}`;
  throw new ShapeError(
    `autoencoder: ${name} [N, ${channels}, H, W]${sides} expected, got ${formatShape(x.shape)}`,
  );
}
