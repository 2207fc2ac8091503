import { ShapeError } from '../../errors';
import { isFloat } from '../../graph/dtype';
import { formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { layer, type Bound, type Layer } from '../../nn/layer';
import { conv2d } from '../../nn/layers/convolutions';
import { groupNorm } from '../../nn/layers/norms';
import { residualBlock } from '../../nn/unet/residualBlock';
import { downsample, upsample } from '../../nn/unet/sampling';
import { spatialTransformer, transformerNames } from '../../nn/unet/spatialTransformer';
import { timestepEmbedding, timestepMlp } from '../../nn/unet/timestep';
import { below, watched, type Watch } from '../../nn/watch';
import { silu } from '../../ops/elementwise/activations';
import { cast } from '../../ops/elementwise/arithmetic';
import { concat } from '../../ops/shape/concat';
import type { UNetDescription } from './unetDescription';

/** What goes in, as tensors. */
export interface UNetInputs {
  /** [N, inputs, H, W] */
  readonly sample: Tensor;
  /** [N] */
  readonly timesteps: Tensor;
  /** [N, S, contextWidth] */
  readonly context: Tensor;
}

type Stages = ReturnType<typeof stagesOf>;
type Stage = Stages['down_blocks'][number];

/** Residual blocks and transformers of every stage, down, in the middle and up, with the names of `diffusers`. */
function stagesOf(d: UNetDescription) {
  const timeWidth = timeWidthOf(d);
  const last = d.widths.length - 1;
  const res = (inputs: number, outputs: number): ReturnType<typeof residualBlock> =>
    residualBlock(inputs, outputs, { timeWidth, groups: d.groups, eps: d.eps });
  const transformer = (stage: number): ReturnType<typeof spatialTransformer> =>
    spatialTransformer(at(d.widths, stage), {
      heads: at(d.heads, stage),
      groups: d.groups,
      contextWidth: d.contextWidth,
      layers: d.transformerLayers,
      linearProjection: d.linearProjection,
    });
  const attentions = (stage: number, count: number): ReturnType<typeof transformer>[] | undefined =>
    d.seesText[stage] === true ? Array.from({ length: count }, () => transformer(stage)) : undefined;
  const down = d.widths.map((width, i) => ({
    resnets: Array.from({ length: d.layers }, (_, j) =>
      res(j === 0 ? at(d.widths, Math.max(i - 1, 0)) : width, width),
    ),
    attentions: attentions(i, d.layers),
    samplers: i === last ? undefined : [downsample(width, width, { padding: d.downsamplePadding })],
  }));
  const up = d.widths.map((_, k) => {
    const i = last - k;
    const width = at(d.widths, i);
    const [before, after] = [at(d.widths, Math.min(i + 1, last)), at(d.widths, Math.max(i - 1, 0))];
    return {
      // Each block sees what the way down left behind at the same size, the last one what led there.
      resnets: Array.from({ length: d.layers + 1 }, (_unused, j) =>
        res((j === 0 ? before : width) + (j === d.layers ? after : width), width),
      ),
      attentions: attentions(i, d.layers + 1),
      samplers: i === 0 ? undefined : [upsample(width)],
    };
  });
  const middle = at(d.widths, last);
  return {
    down_blocks: down,
    mid_block: { resnets: [res(middle, middle), res(middle, middle)], attentions: [transformer(last)] },
    up_blocks: up,
  };
}

const at = (values: readonly number[], i: number): number => values[i] ?? 1;
const timeWidthOf = ({ widths }: UNetDescription): number => 4 * at(widths, 0);

/**
 * The U-Net of latent diffusion (Rombach et al. 2022): the noise in x [N, inputs, H, W] at the steps t [N], as the text
 * [N, S, contextWidth] would have it, [N, outputs, H, W]. Names are those of `diffusers`' `UNet2DConditionModel`.
 */
export function unet(d: UNetDescription): Layer<readonly [inputs: UNetInputs, watch: Watch]> {
  const first = at(d.widths, 0);
  const { down_blocks, mid_block, up_blocks } = stagesOf(d);
  return layer(
    {
      conv_in: conv2d(d.inputs, first, { kernel: 3, padding: 1 }),
      time_embedding: timestepMlp(first, timeWidthOf(d)),
      down_blocks: down_blocks.map(({ samplers, ...stage }) => ({ ...stage, downsamplers: samplers })),
      mid_block,
      up_blocks: up_blocks.map(({ samplers, ...stage }) => ({ ...stage, upsamplers: samplers })),
      conv_norm_out: groupNorm(first, { groups: d.groups, eps: d.eps }),
      conv_out: conv2d(first, d.outputs, { kernel: 3, padding: 1 }),
    },
    (own, { sample, timesteps, context }: UNetInputs, watch: Watch) => {
      checkInputs(d, sample, context);
      const embedded = timestepEmbedding(timesteps, first, {
        cosineFirst: d.cosineFirst,
        frequencyShift: d.frequencyShift,
      });
      const text = watch.at('encoder_hidden_states', context);
      const time = watch.at('time_embedding', own.time_embedding(cast(embedded, floatOf(sample))));
      const through = (
        { resnets, attentions }: Pick<Bound<Stage>, 'resnets' | 'attentions'>,
        name: string,
        j: number,
        x: Tensor,
      ): Tensor => {
        const h = watch.at(`${name}.resnets.${j}`, call(resnets, j)(x, { time }));
        if (!attentions) return h;
        const path = `${name}.attentions.${j}`;
        return watched(watch, path, call(attentions, j)(h, text, below(watch, path)));
      };

      let h = watch.at('conv_in', own.conv_in(sample));
      const left: Tensor[] = [h];
      for (const [i, stage] of own.down_blocks.entries()) {
        const name = `down_blocks.${i}`;
        for (let j = 0; j < d.layers; j++) left.push((h = through(stage, name, j, h)));
        if (stage.downsamplers)
          left.push((h = watch.at(`${name}.downsamplers.0`, call(stage.downsamplers, 0)(h))));
      }
      const { resnets, attentions } = own.mid_block;
      h = through({ resnets, attentions }, 'mid_block', 0, h);
      h = watch.at('mid_block.resnets.1', call(resnets, 1)(h, { time }));
      for (const [i, stage] of own.up_blocks.entries()) {
        const name = `up_blocks.${i}`;
        for (let j = 0; j <= d.layers; j++)
          h = through(stage, name, j, concat([h, left.pop() ?? h], { axis: 1 }));
        if (stage.upsamplers) h = watch.at(`${name}.upsamplers.0`, call(stage.upsamplers, 0)(h));
      }
      return watch.at('conv_out', own.conv_out(silu(own.conv_norm_out(h))));
    },
  );
}

function call<F>(layers: readonly F[], i: number): F {
  const one = layers[i];
  if (one === undefined) throw new TypeError(`unet: there is no layer ${i}`);
  return one;
}

const floatOf = ({ dtype }: Tensor): 'float32' | 'float64' | 'float16' | 'bfloat16' =>
  isFloat(dtype) ? dtype : 'float32';

function checkInputs(
  { inputs, widths, contextWidth }: UNetDescription,
  sample: Tensor,
  context: Tensor,
): void {
  const multiple = 2 ** (widths.length - 1);
  const [count = 0, channels, height = 0, width = 0] = sample.shape;
  if (sample.shape.length !== 4 || channels !== inputs || height % multiple !== 0 || width % multiple !== 0) {
    throw new ShapeError(
      `unet: sample [N, ${inputs}, H, W] with H and W multiples of ${multiple} expected, got ${formatShape(sample.shape)}`,
    );
  }
  if (context.shape.length !== 3 || context.shape[0] !== count || context.shape[2] !== contextWidth) {
    throw new ShapeError(
      `unet: encoderHiddenStates [${count}, S, ${contextWidth}] expected, got ${formatShape(context.shape)}`,
    );
  }
}

/** What a watch sees of it, in the order of the forward pass. */
export function unetNames(d: UNetDescription): string[] {
  const block = (name: string, j: number, seesText: boolean): string[] => {
    const path = `${name}.attentions.${j}`;
    const own = seesText
      ? [...transformerNames(d.transformerLayers).map((inner) => `${path}.${inner}`), path]
      : [];
    return [`${name}.resnets.${j}`, ...own];
  };
  const stage = (name: string, layers: number, i: number): string[] =>
    Array.from({ length: layers }, (_, j) => block(name, j, d.seesText[i] === true)).flat();
  const last = d.widths.length - 1;
  return [
    ...['encoder_hidden_states', 'time_embedding', 'conv_in'],
    ...d.widths.flatMap((_, i) => [
      ...stage(`down_blocks.${i}`, d.layers, i),
      ...(i === last ? [] : [`down_blocks.${i}.downsamplers.0`]),
    ]),
    ...block('mid_block', 0, true),
    'mid_block.resnets.1',
    ...d.widths.flatMap((_, i) => [
      ...stage(`up_blocks.${i}`, d.layers + 1, last - i),
      ...(i === last ? [] : [`up_blocks.${i}.upsamplers.0`]),
    ]),
    'conv_out',
  ];
}
