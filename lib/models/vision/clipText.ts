import { ShapeError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, cast, equal } from '../../ops/elementwise/arithmetic';
import { embedding } from '../../ops/indexing/embedding';
import { iota } from '../../ops/indexing/iota';
import { takeAlong } from '../../ops/indexing/takeAlong';
import { argmax } from '../../ops/reduce/argmax';
import { reshape } from '../../ops/shape/reshape';
import type { ParameterShape } from '../checkpoint/checkpointModel';
import type { StackDescription } from '../decoder/description';
import { normalized, normShapes } from '../decoder/layers';
import { stepsOf } from '../decoder/positions';
import type { BlockCall } from '../decoder/selfAttention';
import { blockOf, blockShapes, stackHookPoints } from '../decoder/stack';
import type { Hooks } from '../hooks/hooks';
import type { ModelInputs } from '../inputs';

/** CLIP's tower of texts as data: a causal stack that is read where the text ends. */
export interface ClipTextDescription extends StackDescription {
  readonly vocabulary: number;
  readonly positionCount: number;
  /** The token that ends a text; 'highest': the highest id, for configurations that name none rightly. */
  readonly end: number | 'highest';
  /** What all names begin with, with its dot. */
  readonly prefix: string;
}

export const clipTextShapes = (d: ClipTextDescription): ParameterShape[] => [
  { name: `${d.prefix}embeddings.token_embedding.weight`, shape: [d.vocabulary, d.width] },
  { name: `${d.prefix}embeddings.position_embedding.weight`, shape: [d.positionCount, d.width] },
  ...Array.from({ length: d.blocks }, (_, i) => blockShapes(d, `${d.prefix}${d.blockList}.${i}`)).flat(),
  ...normShapes(`${d.prefix}final_layer_norm`, d.width, d.norm),
];

export const clipTextHookPoints = (d: ClipTextDescription, at: string): string[] => [
  `${at}embed`,
  ...stackHookPoints(d, `${at}blocks`),
  `${at}final_norm`,
];

/** The hidden states of all steps, and that of the step that ends each text, [N, width]. `at` begins the names of hook points. */
export function clipTextStates(
  d: ClipTextDescription,
  parameters: Parameters,
  given: ModelInputs,
  hooks: Hooks,
  at: string,
): { readonly hidden: Tensor; readonly pooled: Tensor } {
  const { ids, steps, seen } = stepsOf('clip', given, d.vocabulary);
  if (steps > d.positionCount)
    throw new ShapeError(
      `clip: at most ${d.positionCount} steps expected, as there are positions, got ${steps}`,
    );
  const look = (name: string, indices: Tensor): Tensor =>
    embedding(parameters.get(`${d.prefix}embeddings.${name}.weight`), indices);
  let x = hooks.at(`${at}embed`, add(look('token_embedding', ids), look('position_embedding', iota(steps))));
  const call: BlockCall = { tables: undefined, seen, cache: undefined, hooks, place: `${at}blocks` };
  for (let i = 0; i < d.blocks; i++)
    x = blockOf(d, parameters, `${d.prefix}${d.blockList}.${i}`, i, x, call).output;
  const hidden = hooks.at(
    `${at}final_norm`,
    normalized(parameters, `${d.prefix}final_layer_norm`, x, d.norm),
  );
  const [examples, width] = [extent(hidden.shape, 0), extent(hidden.shape, 2)];
  const last = argmax(d.end === 'highest' ? ids : cast(equal(ids, d.end), 'int32'), { axis: 1 });
  const rows = takeAlong(hidden, reshape(last, [examples, 1, 1]), { axis: 1 });
  return { hidden, pooled: reshape(rows, [examples, width]) };
}
