import { ShapeError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { mergeHeads, splitHeads } from '../../nn/transformer/heads';
import { attention, attentionWithPattern, type AttentionOptions } from '../../ops/attention';
import { add, mul } from '../../ops/elementwise/arithmetic';
import { embedding } from '../../ops/indexing/embedding';
import { matmul } from '../../ops/products/matmul';
import { broadcastTo } from '../../ops/reduce/sum';
import type { Network, ParameterShape } from '../checkpoint/checkpointModel';
import { activationOf, type ActivationName } from '../decoder/activations';
import { normalized, normShapes, project, projectionShapes } from '../decoder/layers';
import { stepsOf, type Steps } from '../decoder/positions';
import type { NormRule } from '../decoder/description';
import type { Hooks } from '../hooks/hooks';
import type { EncoderDecoderInputs, ModelInputs } from '../inputs';
import { relativeBias, type BucketRule } from './relativeBias';

/** An encoder with a decoder as data, T5's way: RMS norms before, no biases, relative positions, scores that are not scaled. */
export interface T5Description {
  readonly vocabulary: number;
  readonly width: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly hidden: number;
  readonly encoderBlocks: number;
  /** 0: there is an encoder alone. */
  readonly decoderBlocks: number;
  readonly buckets: BucketRule;
  readonly norm: NormRule;
  readonly activation: ActivationName;
  /** Two ways in, one of them activated. */
  readonly isGated: boolean;
  readonly isHeadTied: boolean;
  /** Whether hidden states are divided by sqrt(width) before the head. */
  readonly scalesLogits: boolean;
}

const TABLE = 'shared.weight';

export function t5(d: T5Description): Network {
  const hasDecoder = d.decoderBlocks > 0;
  const second = ['encoder', ...(hasDecoder ? ['decoder'] : [])].map((side): [string, string] => [
    `${side}.embed_tokens.weight`,
    TABLE,
  ]);
  return {
    parameters: [
      { name: TABLE, shape: [d.vocabulary, d.width] },
      ...sideShapes(d, 'encoder'),
      ...(hasDecoder ? sideShapes(d, 'decoder') : []),
      ...(hasDecoder && !d.isHeadTied
        ? projectionShapes('lm_head', [d.width, d.vocabulary], { bias: false })
        : []),
    ],
    hookPoints: [
      ...sideHookPoints(d, 'encoder'),
      ...(hasDecoder ? [...sideHookPoints(d, 'decoder'), 'logits'] : []),
    ],
    tied: new Map([...second, ...(hasDecoder && d.isHeadTied ? [['lm_head.weight', TABLE] as const] : [])]),
    outputs: (parameters, given, hooks) => {
      const table = parameters.get(TABLE);
      const source = stepsOf('t5', withoutDecoder(given), d.vocabulary);
      const ready =
        given instanceof Tensor ? undefined : (given as Partial<EncoderDecoderInputs>).encoderStates;
      const call = { seen: source.seen, hooks };
      const encoded = ready ?? side(d, parameters, 'encoder', embedding(table, source.ids), call);
      if (!hasDecoder) return { hidden: encoded };
      const target = stepsOf('t5', decoderPart(given), d.vocabulary);
      const hidden = side(d, parameters, 'decoder', embedding(table, target.ids), {
        seen: target.seen,
        hooks,
        source: { states: forRows(encoded, target), seen: source.seen },
      });
      const scaled = d.scalesLogits ? mul(hidden, 1 / Math.sqrt(d.width)) : hidden;
      const logits = d.isHeadTied
        ? project(parameters, 'shared', scaled)
        : project(parameters, 'lm_head', scaled);
      return { logits: hooks.at('logits', logits), hidden, encoded };
    },
  };
}

/** One source may serve several rows of the decoder. */
const forRows = (states: Tensor, { examples }: Steps): Tensor =>
  extent(states.shape, 0) === 1 && examples > 1
    ? broadcastTo(states, [examples, ...states.shape.slice(1)])
    : states;

function withoutDecoder(given: ModelInputs): ModelInputs {
  if (given instanceof Tensor || !('inputIds' in given)) return given;
  const { inputIds, attentionMask } = given;
  return { inputIds, ...(attentionMask ? { attentionMask } : {}) };
}

function decoderPart(given: ModelInputs): ModelInputs {
  if (given instanceof Tensor || !('decoderInputIds' in given)) {
    throw new ShapeError(
      't5: the decoder needs decoderInputIds: the labels behind a start token (shiftRight makes them)',
    );
  }
  const { decoderInputIds, decoderAttentionMask } = given;
  return {
    inputIds: decoderInputIds,
    ...(decoderAttentionMask ? { attentionMask: decoderAttentionMask } : {}),
  };
}

type Side = 'encoder' | 'decoder';

interface SideCall {
  readonly seen: Tensor | undefined;
  readonly hooks: Hooks;
  /** What a decoder looks at besides itself. */
  readonly source?: { readonly states: Tensor; readonly seen: Tensor | undefined };
}

/** The hidden states of one side, behind its final norm. */
function side(d: T5Description, parameters: Parameters, which: Side, start: Tensor, call: SideCall): Tensor {
  const { hooks, seen, source } = call;
  const isCausal = which === 'decoder';
  const table = parameters.get(`${which}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`);
  const bias = relativeBias(table, extent(start.shape, 1), isCausal, d.buckets);
  let x = hooks.at(`${which}.embed`, start);
  for (let i = 0; i < blocksOf(d, which); i++) {
    const at = (name: string, value: Tensor): Tensor => hooks.at(`${which}.blocks.${i}.${name}`, value);
    const layer = (number: number): string => `${which}.block.${i}.layer.${number}`;
    const norm = (number: number, value: Tensor): Tensor =>
      normalized(parameters, `${layer(number)}.layer_norm`, value, d.norm);
    const attend = (name: string, prefix: string, q: Tensor, kv: Tensor, options: AttentionOptions): Tensor =>
      attended(d, parameters, name, q, kv, options, { hooks, place: `${which}.blocks.${i}.${prefix}` });
    const before = at('resid_pre', x);
    const attnIn = at('attn_in', norm(0, before));
    const own = attend(`${layer(0)}.SelfAttention`, '', attnIn, attnIn, {
      bias,
      causal: isCausal,
      ...(seen ? { mask: seen } : {}),
    });
    x = at('resid_mid', add(before, at('attn_out', own)));
    if (source) {
      const other = attend(`${layer(1)}.EncDecAttention`, 'cross_', norm(1, x), source.states, {
        ...(source.seen ? { mask: source.seen } : {}),
      });
      x = add(x, at('cross_attn_out', other));
    }
    const last = source ? 2 : 1;
    const mlpIn = at('mlp_in', norm(last, x));
    x = at('resid_post', add(x, at('mlp_out', layers(d, parameters, layer(last), mlpIn, at))));
  }
  return hooks.at(`${which}.final_norm`, normalized(parameters, `${which}.final_layer_norm`, x, d.norm));
}

function attended(
  d: T5Description,
  parameters: Parameters,
  name: string,
  queries: Tensor,
  states: Tensor,
  given: AttentionOptions,
  { hooks, place }: { readonly hooks: Hooks; readonly place: string },
): Tensor {
  const headsOf = (which: string, x: Tensor): Tensor =>
    hooks.at(`${place}${which}`, splitHeads(project(parameters, `${name}.${which}`, x), d.heads));
  const [q, k, v] = [headsOf('q', queries), headsOf('k', states), headsOf('v', states)];
  // The start of the weights makes up for the scale.
  const options = { ...given, scale: 1 };
  const patternName = `${place}pattern`;
  const isPatched = hooks.isPatched(patternName);
  const pattern =
    isPatched || hooks.isRead(patternName)
      ? hooks.at(patternName, attentionWithPattern(q, k, v, options).pattern)
      : undefined;
  const z = isPatched && pattern ? matmul(pattern, v) : attention(q, k, v, options);
  return project(parameters, `${name}.o`, mergeHeads(hooks.at(`${place}z`, z)));
}

function layers(
  d: T5Description,
  parameters: Parameters,
  path: string,
  x: Tensor,
  at: (name: string, value: Tensor) => Tensor,
): Tensor {
  const into = (name: string): Tensor => project(parameters, `${path}.DenseReluDense.${name}`, x);
  const before = at('mlp_pre', into(d.isGated ? 'wi_0' : 'wi'));
  const activated = activationOf(d.activation)(before);
  const act = at('mlp_act', d.isGated ? mul(activated, into('wi_1')) : activated);
  return project(parameters, `${path}.DenseReluDense.wo`, act);
}

const blocksOf = (d: T5Description, which: Side): number =>
  which === 'encoder' ? d.encoderBlocks : d.decoderBlocks;

function sideShapes(d: T5Description, which: Side): ParameterShape[] {
  const inner = d.heads * d.headWidth;
  const projection = (name: string, inputs: number, outputs: number): ParameterShape[] =>
    projectionShapes(name, [inputs, outputs], { bias: false });
  const heads = (name: string): ParameterShape[] => [
    ...['q', 'k', 'v'].flatMap((part) => projection(`${name}.${part}`, d.width, inner)),
    ...projection(`${name}.o`, inner, d.width),
  ];
  const blocks = Array.from({ length: blocksOf(d, which) }, (_, i): ParameterShape[] => {
    const layer = (number: number): string => `${which}.block.${i}.layer.${number}`;
    const norm = (number: number): ParameterShape[] =>
      normShapes(`${layer(number)}.layer_norm`, d.width, d.norm);
    const own = `${layer(0)}.SelfAttention`;
    const last = which === 'decoder' ? 2 : 1;
    const ways = d.isGated ? ['wi_0', 'wi_1'] : ['wi'];
    return [
      ...heads(own),
      ...(i === 0
        ? [{ name: `${own}.relative_attention_bias.weight`, shape: [d.buckets.count, d.heads] }]
        : []),
      ...norm(0),
      ...(last === 2 ? [...heads(`${layer(1)}.EncDecAttention`), ...norm(1)] : []),
      ...ways.flatMap((way) => projection(`${layer(last)}.DenseReluDense.${way}`, d.width, d.hidden)),
      ...projection(`${layer(last)}.DenseReluDense.wo`, d.hidden, d.width),
      ...norm(last),
    ];
  });
  return [...blocks.flat(), ...normShapes(`${which}.final_layer_norm`, d.width, d.norm)];
}

function sideHookPoints(d: T5Description, which: Side): string[] {
  const cross = ['q', 'k', 'v', 'pattern', 'z', 'attn_out'].map((name) => `cross_${name}`);
  const names = [
    ...['resid_pre', 'attn_in', 'q', 'k', 'v', 'pattern', 'z', 'attn_out', 'resid_mid'],
    ...(which === 'decoder' ? cross : []),
    ...['mlp_in', 'mlp_pre', 'mlp_act', 'mlp_out', 'resid_post'],
  ];
  return [
    `${which}.embed`,
    ...Array.from({ length: blocksOf(d, which) }, (_, i) =>
      names.map((name) => `${which}.blocks.${i}.${name}`),
    ).flat(),
    `${which}.final_norm`,
  ];
}
