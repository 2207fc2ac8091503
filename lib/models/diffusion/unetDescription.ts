import type { Fields } from '../checkpoint/fields';

/** A conditional U-Net as plain data. Lists go from the largest images to the smallest. */
export interface UNetDescription {
  readonly inputs: number;
  readonly outputs: number;
  readonly widths: readonly number[];
  /** Residual blocks of a stage on the way down; one more on the way up. */
  readonly layers: number;
  readonly contextWidth: number;
  readonly heads: readonly number[];
  /** Which stages see the text. */
  readonly seesText: readonly boolean[];
  /** Blocks of a transformer. */
  readonly transformerLayers: number;
  readonly linearProjection: boolean;
  readonly groups: number;
  readonly eps: number;
  readonly cosineFirst: boolean;
  readonly frequencyShift: number;
  readonly downsamplePadding: number;
}

const DOWN = ['CrossAttnDownBlock2D', 'DownBlock2D'] as const;
const UP = ['CrossAttnUpBlock2D', 'UpBlock2D'] as const;
const DOWN_DEFAULT = [DOWN[0], DOWN[0], DOWN[0], DOWN[1]];
const UP_DEFAULT = [UP[1], UP[0], UP[0], UP[0]];

/** Reads the configuration of a `UNet2DConditionModel`. Defaults are those of `diffusers`. */
export function describeUNet(fields: Fields): UNetDescription {
  fields.ignore('_class_name', '_diffusers_version', 'sample_size', 'upcast_attention', 'dropout');
  // Of a condition besides the text, which there is only where its type is given.
  fields.ignore('addition_embed_type_num_heads', 'class_embeddings_concat');
  fields.only('act_fn', 'silu', 'swish');
  fields.only('center_input_sample', false);
  fields.only('mid_block_type', 'UNetMidBlock2DCrossAttn');
  fields.only('mid_block_scale_factor', 1);
  fields.only('dual_cross_attention', false);
  fields.only('only_cross_attention', false);
  fields.only('resnet_time_scale_shift', 'default');
  fields.only('resnet_skip_time_act', false);
  fields.only('resnet_out_scale_factor', 1);
  fields.only('time_embedding_type', 'positional');
  fields.only('attention_type', 'default');
  fields.only('conv_in_kernel', 3);
  fields.only('conv_out_kernel', 3);
  const widths = fields.has('block_out_channels')
    ? extents(fields, 'block_out_channels')
    : [320, 640, 1280, 1280];
  const stages = (name: string, kinds: readonly [string, string], fallback: readonly string[]): boolean[] => {
    const given = fields.texts(name) ?? fallback;
    const unknown = given.find((kind) => !kinds.includes(kind));
    if (unknown !== undefined)
      throw fields.refuse(name, `'${unknown}' is not supported, only ${kinds.join(' or ')}`);
    if (given.length !== widths.length)
      throw fields.refuse(
        name,
        `${widths.length} expected, one for each of block_out_channels, got ${given.length}`,
      );
    return given.map((kind) => kind === kinds[0]);
  };
  const seesText = stages('down_block_types', DOWN, DOWN_DEFAULT);
  const mirrored = stages('up_block_types', UP, UP_DEFAULT).reverse();
  if (mirrored.some((sees, i) => sees !== seesText[i]))
    throw fields.refuse('up_block_types', 'the stages that see the text on the way down expected, backwards');
  // A misnomer that checkpoints live with: `attention_head_dim` is the number of heads.
  const heads = perStage(
    fields,
    fields.has('num_attention_heads') ? 'num_attention_heads' : 'attention_head_dim',
    8,
    widths,
  );
  fields.ignore('attention_head_dim');
  for (const [i, width] of widths.entries())
    if (width % (heads[i] ?? 1) !== 0)
      throw fields.refuse('attention_head_dim', `${heads[i]} heads do not divide a width of ${width}`);
  return {
    inputs: fields.extent('in_channels', 4),
    outputs: fields.extent('out_channels', 4),
    widths,
    layers: fields.extent('layers_per_block', 2),
    contextWidth: fields.extent('cross_attention_dim', 1280),
    heads,
    seesText,
    transformerLayers: fields.extent('transformer_layers_per_block', 1),
    linearProjection: fields.flag('use_linear_projection', false),
    groups: fields.extent('norm_num_groups', 32),
    eps: fields.number('norm_eps', 1e-5),
    cosineFirst: fields.flag('flip_sin_to_cos', true),
    frequencyShift: fields.number('freq_shift', 0),
    downsamplePadding: fields.number('downsample_padding', 1),
  };
}

/** A list of positive whole numbers. */
export function extents(fields: Fields, name: string): readonly number[] {
  const values = fields.numbers(name);
  if (values.length > 0 && values.every((value) => Number.isSafeInteger(value) && value > 0)) return values;
  throw fields.refuse(name, `positive integers expected, got ${JSON.stringify(values)}`);
}

/** One number for all stages, or one for each. */
function perStage(
  fields: Fields,
  name: string,
  fallback: number,
  widths: readonly number[],
): readonly number[] {
  if (!Array.isArray(fields.values[name])) {
    const all = fields.extent(name, fallback);
    return widths.map(() => all);
  }
  const values = extents(fields, name);
  if (values.length === widths.length) return values;
  throw fields.refuse(name, `one number or ${widths.length} expected, got ${values.length}`);
}
