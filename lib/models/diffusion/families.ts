import { OptionError } from '../../errors';
import { tensor } from '../../graph/create';
import { Tensor } from '../../graph/tensor';
import type { ParameterSource } from '../../nn/layer';
import { cast, ones, mul } from '../../ops/elementwise/arithmetic';
import type { Network, ParameterShape } from '../checkpoint/checkpointModel';
import type { Family } from '../families/family';
import type { DenoisingInputs, ImageInputs, LatentInputs, ModelInputs } from '../inputs';
import { decoder, describeAutoencoder, encoder } from './autoencoder';
import { unet, unetNames } from './unet';
import { describeUNet } from './unetDescription';

/** The U-Net of Stable Diffusion 1 and 2. */
export const unetFamily: Family = {
  modelType: 'UNet2DConditionModel',
  classes: ['UNet2DConditionModel'],
  buffers: /^$/,
  network: (fields): Network => {
    const description = describeUNet(fields);
    const network = unet(description);
    return {
      parameters: network.parameters.map(({ name, shape }) => ({ name, shape })),
      hookPoints: unetNames(description),
      tied: new Map(),
      outputs: (parameters, given, hooks) => {
        const { sample, timestep, encoderHiddenStates } = denoisingInputs(given);
        const { dtype } = parameters.get('conv_in.weight');
        const inputs = {
          sample: cast(sample, dtype),
          timesteps: timestepsFor(timestep, sample.shape[0] ?? 0),
          context: cast(encoderHiddenStates, dtype),
        };
        return { hidden: network.apply(parameters, inputs, hooks) };
      },
    };
  },
};

/** One step for all examples, or one for each. */
function timestepsFor(timestep: Tensor | number, count: number): Tensor {
  const given = typeof timestep === 'number' ? tensor(Float32Array.of(timestep)) : cast(timestep, 'float32');
  return given.shape.length === 1 && given.shape[0] === count ? given : mul(ones([count]), given);
}

function denoisingInputs(given: ModelInputs): DenoisingInputs {
  if (!(given instanceof Tensor) && 'sample' in given) return given;
  throw new OptionError('unet: { sample, timestep, encoderHiddenStates } expected');
}

/** The autoencoder of Stable Diffusion: images to Gaussians of latents, latents to images. */
export const autoencoderFamily: Family = {
  modelType: 'AutoencoderKL',
  classes: ['AutoencoderKL'],
  buffers: /^$/,
  network: (fields, { has }): Network => {
    const description = describeAutoencoder(fields);
    const [into, back] = [encoder(description), decoder(description)];
    const isOld = has('encoder.mid_block.attentions.0.query.weight');
    const stored = (name: string): string => (isOld ? oldName(name) : name);
    return {
      parameters: [...into.parameters, ...back.parameters].map(({ name, shape }): ParameterShape => ({
        name: stored(name),
        shape,
      })),
      hookPoints: ['latent_mean', 'latent_log_variance', 'latents', 'reconstruction'],
      tied: new Map(),
      outputs: (parameters, given, hooks) => {
        const own: ParameterSource = { get: (name) => parameters.get(stored(name)) };
        const decoded = (latents: Tensor): Tensor =>
          hooks.at('reconstruction', back.apply(own, hooks.at('latents', latents)));
        const inputs = autoencoderInputs(given);
        const { dtype } = parameters.get('decoder.conv_in.weight');
        if ('latents' in inputs) return { hidden: decoded(cast(inputs.latents, dtype)) };
        const { mean, logVariance } = into.apply(own, cast(inputs.pixelValues, dtype));
        const posterior = {
          mean: hooks.at('latent_mean', mean),
          logVariance: hooks.at('latent_log_variance', logVariance),
        };
        return { hidden: decoded(posterior.mean), posterior };
      },
    };
  },
};

/** Names of attention before diffusers 0.18, as the published checkpoints have them. */
const OLD: readonly (readonly [string, string])[] = [
  ['.to_q.', '.query.'],
  ['.to_k.', '.key.'],
  ['.to_v.', '.value.'],
  ['.to_out.0.', '.proj_attn.'],
];
const oldName = (name: string): string =>
  OLD.reduce((text, [ours, theirs]) => text.replace(ours, theirs), name);

function autoencoderInputs(given: ModelInputs): ImageInputs | LatentInputs {
  if (given instanceof Tensor) return { pixelValues: given };
  if ('latents' in given || 'pixelValues' in given) return given;
  throw new OptionError('autoencoder: { pixelValues } or { latents } expected');
}
