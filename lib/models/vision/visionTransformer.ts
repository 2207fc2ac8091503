import { ShapeError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import { extent, formatShape, sameShape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { add, cast } from '../../ops/elementwise/arithmetic';
import { conv2d } from '../../ops/networks/conv2d';
import { broadcastTo } from '../../ops/reduce/sum';
import { concat } from '../../ops/shape/concat';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import type { ParameterShape } from '../checkpoint/checkpointModel';
import type { StackDescription } from '../decoder/description';
import { normalized, normShapes } from '../decoder/layers';
import type { BlockCall } from '../decoder/selfAttention';
import { blockOf, blockShapes, stackHookPoints } from '../decoder/stack';
import type { Hooks } from '../hooks/hooks';
import type { ModelInputs } from '../inputs';

/** The tower of a vision transformer as data: all between pixels and the hidden states of patches. */
export interface VisionDescription extends StackDescription {
  readonly channels: number;
  readonly image: readonly [height: number, width: number];
  readonly patch: readonly [height: number, width: number];
  /** What all names begin with, with its dot: `vit.`. */
  readonly prefix: string;
  /** Names below the prefix. */
  readonly stem: {
    /** Tokens before the patches, each with its shape in files: the class token, and that of distillation. */
    readonly tokens: readonly ParameterShape[];
    readonly positions: string;
    /** Whether positions are stored with a leading axis of 1. */
    readonly positionsHaveBatch: boolean;
    readonly patches: string;
    readonly patchBias: boolean;
    /** A norm before the first block. */
    readonly norm?: string;
  };
  /** Of all steps, behind the last block. */
  readonly finalNorm?: string;
}

/** How many patches an image has. */
const patchCount = ({ image, patch }: VisionDescription): number =>
  Math.floor(image[0] / patch[0]) * Math.floor(image[1] / patch[1]);

const stepCount = (d: VisionDescription): number => d.stem.tokens.length + patchCount(d);

export function visionShapes(d: VisionDescription): ParameterShape[] {
  const { stem, prefix, width, channels, patch } = d;
  const positions = [stepCount(d), width];
  return [
    ...stem.tokens.map(({ name, shape }) => ({ name: `${prefix}${name}`, shape })),
    { name: `${prefix}${stem.positions}`, shape: stem.positionsHaveBatch ? [1, ...positions] : positions },
    { name: `${prefix}${stem.patches}.weight`, shape: [width, channels, ...patch] },
    ...(stem.patchBias ? [{ name: `${prefix}${stem.patches}.bias`, shape: [width] }] : []),
    ...(stem.norm === undefined ? [] : normShapes(`${prefix}${stem.norm}`, width, d.norm)),
    ...Array.from({ length: d.blocks }, (_, i) => blockShapes(d, `${prefix}${d.blockList}.${i}`)).flat(),
    ...(d.finalNorm === undefined ? [] : normShapes(`${prefix}${d.finalNorm}`, width, d.norm)),
  ];
}

export const visionHookPoints = (d: VisionDescription): string[] => [
  'embed',
  ...stackHookPoints(d),
  ...(d.finalNorm === undefined ? [] : ['final_norm']),
];

/** The hidden states of tokens and patches, [N, T, width]: patches are convolved with their own size as the stride. */
export function visionStates(
  d: VisionDescription,
  parameters: Parameters,
  pixels: Tensor,
  hooks: Hooks,
  place = 'blocks',
): Tensor {
  const { stem, prefix, width } = d;
  const at = (name: string): Tensor => parameters.get(`${prefix}${name}`);
  const examples = extent(pixels.shape, 0);
  const patches = conv2d(pixels, at(`${stem.patches}.weight`), {
    stride: d.patch,
    ...(stem.patchBias ? { bias: at(`${stem.patches}.bias`) } : {}),
  });
  const rows = transpose(reshape(patches, [examples, width, patchCount(d)]), [0, 2, 1]);
  const tokens = stem.tokens.map(({ name }) =>
    broadcastTo(reshape(at(name), [1, 1, width]), [examples, 1, width]),
  );
  const placed = add(
    concat([...tokens, rows], { axis: 1 }),
    reshape(at(stem.positions), [1, stepCount(d), width]),
  );
  const start =
    stem.norm === undefined ? placed : normalized(parameters, `${prefix}${stem.norm}`, placed, d.norm);
  let x = hooks.at('embed', start);
  const call: BlockCall = { tables: undefined, seen: undefined, cache: undefined, hooks, place };
  for (let i = 0; i < d.blocks; i++)
    x = blockOf(d, parameters, `${prefix}${d.blockList}.${i}`, i, x, call).output;
  if (d.finalNorm === undefined) return x;
  return hooks.at('final_norm', normalized(parameters, `${prefix}${d.finalNorm}`, x, d.norm));
}

/** The pixels of a call, in the dtype of the parameters. @throws ShapeError unless they are images of this size. */
export function pixelsOf(
  where: string,
  given: ModelInputs,
  size: readonly (number | undefined)[],
  like: Tensor,
): Tensor {
  const pixels = given instanceof Tensor ? given : 'pixelValues' in given ? given.pixelValues : undefined;
  if (!pixels) {
    throw new ShapeError(
      `${where}: pixel values expected, a tensor or { pixelValues }, got { ${Object.keys(given).join(', ')} }`,
    );
  }
  const [examples = 0, ...rest] = pixels.shape;
  const wanted = size.map((extentOf, i) => extentOf ?? rest[i] ?? 0);
  if (pixels.shape.length !== 4 || !sameShape(rest, wanted)) {
    const shape = ['N', ...size.map((extentOf, i) => extentOf ?? 'CHW'[i])].join(', ');
    throw new ShapeError(
      `${where}: pixel values [${shape}] expected, got ${formatShape([examples, ...rest])}`,
    );
  }
  return pixels.dtype === like.dtype ? pixels : cast(pixels, like.dtype);
}
