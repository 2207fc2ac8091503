import { ShapeError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { div, mul } from '../../ops/elementwise/arithmetic';
import { exp } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { norm } from '../../ops/reduce/norm';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import type { ModelOutputs, Network } from '../checkpoint/checkpointModel';
import { normalized, normShapes, project, projectionShapes, stepAt } from '../decoder/layers';
import type { Hooks } from '../hooks/hooks';
import type { ModelInputs } from '../inputs';
import { clipTextHookPoints, clipTextShapes, clipTextStates, type ClipTextDescription } from './clipText';
import {
  pixelsOf,
  visionHookPoints,
  visionShapes,
  visionStates,
  type VisionDescription,
} from './visionTransformer';

const TEXT = 'text_projection';
const VISUAL = 'visual_projection';
const POST_NORM = 'post_layernorm';

/** The tower of texts alone, with its projection where `outputs` is given. */
export function clipTextModel(d: ClipTextDescription, outputs: number | undefined): Network {
  return {
    parameters: [
      ...clipTextShapes(d),
      ...(outputs === undefined ? [] : projectionShapes(TEXT, [d.width, outputs], { bias: false })),
    ],
    hookPoints: clipTextHookPoints(d, ''),
    tied: new Map(),
    outputs: (parameters, given, hooks) => {
      const { hidden, pooled } = clipTextStates(d, parameters, given, hooks, '');
      if (outputs === undefined) return { hidden, pooled };
      return { hidden, textEmbeddings: project(parameters, TEXT, pooled) } satisfies ModelOutputs;
    },
  };
}

/** The tower of images alone, with its projection where `outputs` is given. */
export function clipVisionModel(d: VisionDescription, outputs: number | undefined): Network {
  const states = pooledVision(d, 'blocks');
  return {
    parameters: [
      ...visionShapes(d),
      ...normShapes(`${d.prefix}${POST_NORM}`, d.width, d.norm),
      ...(outputs === undefined ? [] : projectionShapes(VISUAL, [d.width, outputs], { bias: false })),
    ],
    hookPoints: visionHookPoints(d),
    tied: new Map(),
    outputs: (parameters, given, hooks) => {
      const { hidden, pooled } = states(parameters, given, hooks);
      if (outputs === undefined) return { hidden, pooled };
      return { hidden, imageEmbeddings: project(parameters, VISUAL, pooled) } satisfies ModelOutputs;
    },
  };
}

/**
 * CLIP (Radford et al. 2021): images and texts in one space.
 *
 *     logits[i, t] = exp(logit_scale) <image_i, text_t>,  both of length 1
 *
 * `hidden` are the states of the images.
 */
export function clipModel(text: ClipTextDescription, vision: VisionDescription, outputs: number): Network {
  const states = pooledVision(vision, 'vision.blocks');
  return {
    parameters: [
      { name: 'logit_scale', shape: [] },
      ...clipTextShapes(text),
      ...visionShapes(vision),
      ...normShapes(`${vision.prefix}${POST_NORM}`, vision.width, vision.norm),
      ...projectionShapes(VISUAL, [vision.width, outputs], { bias: false }),
      ...projectionShapes(TEXT, [text.width, outputs], { bias: false }),
    ],
    hookPoints: [
      ...clipTextHookPoints(text, 'text.'),
      ...visionHookPoints(vision).map((name) => `vision.${name}`),
      'logits',
    ],
    tied: new Map(),
    outputs: (parameters, given, hooks) => {
      if (given instanceof Tensor || !('inputIds' in given) || !('pixelValues' in given))
        throw new ShapeError('clip: token ids and pixel values expected, { inputIds, pixelValues }');
      const { inputIds, attentionMask } = given;
      const texts = clipTextStates(
        text,
        parameters,
        { inputIds, ...(attentionMask ? { attentionMask } : {}) },
        hooks,
        'text.',
      );
      const inVision = { ...hooks, at: (name: string, value: Tensor) => hooks.at(visionName(name), value) };
      const { hidden, pooled } = states(parameters, { pixelValues: given.pixelValues }, inVision);
      const textEmbeddings = ofLengthOne(project(parameters, TEXT, texts.pooled));
      const imageEmbeddings = ofLengthOne(project(parameters, VISUAL, pooled));
      const scale = exp(parameters.get('logit_scale'));
      const logits = mul(matmul(imageEmbeddings, transpose(textEmbeddings)), scale);
      return { logits: hooks.at('logits', logits), hidden, textEmbeddings, imageEmbeddings };
    },
  };
}

/** Names of blocks have their tower in them already. */
const visionName = (name: string): string => (name.startsWith('vision.') ? name : `vision.${name}`);

const pooledVision =
  (d: VisionDescription, place: string) =>
  (
    parameters: Parameters,
    given: ModelInputs,
    hooks: Hooks,
  ): { readonly hidden: Tensor; readonly pooled: Tensor } => {
    const like = parameters.get(`${d.prefix}${d.stem.positions}`);
    const pixels = pixelsOf('clip', given, [d.channels, ...d.image], like);
    const hidden = visionStates(d, parameters, pixels, hooks, place);
    const pooled = normalized(parameters, `${d.prefix}${POST_NORM}`, stepAt(hidden, 0), d.norm);
    return { hidden, pooled };
  };

const ofLengthOne = (rows: Tensor): Tensor =>
  div(rows, reshape(norm(rows, { axis: -1 }), [extent(rows.shape, 0), 1]));
