import { ShapeError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import { formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, cast, mul, notEqual, zeros } from '../../ops/elementwise/arithmetic';
import { embedding } from '../../ops/indexing/embedding';
import { iota } from '../../ops/indexing/iota';
import { asIndices } from '../../ops/indices';
import { linear } from '../../ops/products/matmul';
import { cumsum } from '../../ops/scan';
import type { ModelOutputs, Network, ParameterShape } from '../checkpoint/checkpointModel';
import { activationOf } from '../decoder/activations';
import { normalized, normShapes, project, projectionShapes, stepAt } from '../decoder/layers';
import { stepsOf, type Steps } from '../decoder/positions';
import type { BlockCall } from '../decoder/selfAttention';
import { blockOf, blockShapes, stackHookPoints } from '../decoder/stack';
import type { Hooks } from '../hooks/hooks';
import type { ModelInputs } from '../inputs';
import type { EncoderDescription, EncoderHead, HeadLayer } from './description';

const TOKENS = 'embeddings.word_embeddings';
const POSITIONS = 'embeddings.position_embeddings';
const TYPES = 'embeddings.token_type_embeddings';
const NORM = 'embeddings.LayerNorm';

/**
 * The network of an encoder's description:
 *
 *     x = norm(tokens[ids] + positions[p] + types[t]),  blocks with norms behind the sums, a head
 *
 * Every step sees every other that is no padding.
 */
export function encoder(d: EncoderDescription, head: EncoderHead, prefix: string): Network {
  const below = (name: string): string => (prefix === '' ? name : `${prefix}.${name}`);
  const block = (i: number): string => below(`${d.blockList}.${i}`);
  const table = `${below(TOKENS)}.weight`;
  const pooler = d.pooler && { ...d.pooler, name: below(d.pooler.name) };
  return {
    parameters: [
      { name: table, shape: [d.vocabulary, d.width] },
      { name: `${below(POSITIONS)}.weight`, shape: [d.positionCount, d.width] },
      ...(d.tokenTypes > 0 ? [{ name: `${below(TYPES)}.weight`, shape: [d.tokenTypes, d.width] }] : []),
      ...normShapes(below(NORM), d.width, d.norm),
      ...Array.from({ length: d.blocks }, (_, i) => blockShapes(d, block(i))).flat(),
      ...(pooler ? layerShapes([pooler], d.width) : []),
      ...headShapes(d, head),
    ],
    hookPoints: [
      'embed',
      ...stackHookPoints(d),
      ...(pooler ? ['pooled'] : []),
      ...(head.kind === 'none' ? [] : ['logits']),
    ],
    tied: tiedNames(head, table),
    outputs: (parameters, given, hooks) => {
      const hidden = passed(d, parameters, given, hooks, below, block);
      const pooled = pooler && hooks.at('pooled', throughLayers(parameters, [pooler], stepAt(hidden, 0)));
      const logits = logitsOf(d, head, parameters, hidden, pooled, table);
      return {
        ...(logits ? { logits: hooks.at('logits', logits) } : {}),
        hidden,
        ...(pooled ? { pooled } : {}),
      } satisfies ModelOutputs;
    },
  };
}

function passed(
  d: EncoderDescription,
  parameters: Parameters,
  given: ModelInputs,
  hooks: Hooks,
  below: (name: string) => string,
  block: (i: number) => string,
): Tensor {
  const steps = stepsOf('encoder', given, d.vocabulary);
  if (steps.inputs.cache) throw new ShapeError('encoder: no cache expected, for every step sees every other');
  const look = (name: string, indices: Tensor): Tensor =>
    embedding(parameters.get(`${below(name)}.weight`), indices);
  const types = d.tokenTypes > 0 ? look(TYPES, typesOf(d, steps)) : undefined;
  const tokens = look(TOKENS, steps.ids);
  const placed = add(types ? add(tokens, types) : tokens, look(POSITIONS, positionsOf(d, steps)));
  let x = hooks.at('embed', normalized(parameters, below(NORM), placed, d.norm));
  const call: BlockCall = { tables: undefined, seen: steps.seen, cache: undefined, hooks, place: 'blocks' };
  for (let i = 0; i < d.blocks; i++) x = blockOf(d, parameters, block(i), i, x, call).output;
  return x;
}

function positionsOf(d: EncoderDescription, { inputs, steps, ids }: Steps): Tensor {
  const first = d.positions.kind === 'behindPadding' ? d.positions.padding + 1 : 0;
  if (first + steps > d.positionCount) {
    throw new ShapeError(
      `encoder: at most ${d.positionCount - first} steps expected, as there are positions, got ${steps}`,
    );
  }
  if (inputs.positionIds) return asIndices('encoder', inputs.positionIds, d.positionCount, 'positionIds');
  if (d.positions.kind === 'counted') return iota(steps);
  const { padding } = d.positions;
  const isToken = cast(notEqual(ids, padding), 'int32');
  return add(mul(cumsum(isToken, { axis: 1 }), isToken), padding);
}

function typesOf({ tokenTypes }: EncoderDescription, { inputs, ids }: Steps): Tensor {
  const { tokenTypeIds } = inputs;
  if (!tokenTypeIds) return zeros(ids.shape, 'int32');
  if (!sameShape(tokenTypeIds.shape, ids.shape)) {
    throw new ShapeError(
      `encoder: tokenTypeIds ${formatShape(ids.shape)} expected, as the ids, got ${formatShape(tokenTypeIds.shape)}`,
    );
  }
  return asIndices('encoder', tokenTypeIds, tokenTypes, 'tokenTypeIds');
}

const throughLayers = (parameters: Parameters, layers: readonly HeadLayer[], x: Tensor): Tensor =>
  layers.reduce((value, { name, activation }) => {
    const y = project(parameters, name, value);
    return activation === undefined ? y : activationOf(activation)(y);
  }, x);

function logitsOf(
  d: EncoderDescription,
  head: EncoderHead,
  parameters: Parameters,
  hidden: Tensor,
  pooled: Tensor | undefined,
  table: string,
): Tensor | undefined {
  switch (head.kind) {
    case 'none':
      return undefined;
    case 'text':
      return throughLayers(parameters, head.layers, pooled ?? stepAt(hidden, 0));
    case 'steps':
      return throughLayers(parameters, [head.layer], hidden);
    case 'maskedTokens': {
      const guess = normalized(
        parameters,
        head.norm,
        throughLayers(parameters, [head.layer], hidden),
        d.norm,
      );
      const weight = parameters.get(head.tied ? table : `${head.output}.weight`);
      return linear(guess, weight, parameters.get(head.bias));
    }
  }
}

function layerShapes(layers: readonly HeadLayer[], width: number): ParameterShape[] {
  let inputs = width;
  return layers.flatMap(({ name, outputs }) => {
    const shapes = projectionShapes(name, [inputs, outputs], { bias: true });
    inputs = outputs;
    return shapes;
  });
}

function headShapes(d: EncoderDescription, head: EncoderHead): ParameterShape[] {
  switch (head.kind) {
    case 'none':
      return [];
    case 'text':
      return layerShapes(head.layers, d.width);
    case 'steps':
      return layerShapes([head.layer], d.width);
    case 'maskedTokens':
      return [
        ...layerShapes([head.layer], d.width),
        ...normShapes(head.norm, d.width, d.norm),
        ...(head.tied ? [] : [{ name: `${head.output}.weight`, shape: [d.vocabulary, d.width] }]),
        { name: head.bias, shape: [d.vocabulary] },
      ];
  }
}

function tiedNames(head: EncoderHead, table: string): ReadonlyMap<string, string> {
  if (head.kind !== 'maskedTokens') return new Map();
  const second: [string, string][] =
    head.bias === `${head.output}.bias` ? [] : [[`${head.output}.bias`, head.bias]];
  return new Map(head.tied ? [[`${head.output}.weight`, table], ...second] : second);
}
