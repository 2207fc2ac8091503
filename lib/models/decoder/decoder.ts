import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import { add, div, mul } from '../../ops/elementwise/arithmetic';
import { tanh } from '../../ops/elementwise/math';
import { embedding } from '../../ops/indexing/embedding';
import { ShapeError } from '../../errors';
import type { Network, ParameterShape } from '../checkpoint/checkpointModel';
import type { Hooks } from '../hooks/hooks';
import type { KeyValueCache, ModelInputs } from '../inputs';
import type { DecoderDescription } from './description';
import { feedForward } from './feedForward';
import { normalized, normShapes, project, projectionShapes } from './layers';
import { rotaryTablesAt, stepsOf } from './positions';
import { selfAttention, type BlockCall } from './selfAttention';

export interface DecoderParts {
  /** Whether the checkpoint has a head, or is the bare model. */
  readonly hasHead: boolean;
  /** What its names begin with: the prefix of the description, or nothing. */
  readonly prefix: string;
}

/**
 * The network of a description. A block is
 *
 *     a = attention(norm x),  m = mlp(norm (x + a)),  y = x + a + m
 *
 * with the norms that the description names, each possibly behind what it stands before; in parallel, m = mlp(norm x).
 */
export function decoder(d: DecoderDescription, { hasHead, prefix }: DecoderParts): Network {
  const below = (name: string): string => (prefix === '' ? name : `${prefix}.${name}`);
  const block = (i: number): string => below(`${d.blockList}.${i}`);
  const tiedHead = hasHead && d.head.tied;
  return {
    parameters: [
      { name: `${below(d.tokens)}.weight`, shape: [d.vocabulary, d.width] },
      ...(d.positions
        ? [{ name: `${below(d.positions.name)}.weight`, shape: [d.positions.count, d.width] }]
        : []),
      ...Array.from({ length: d.blocks }, (_, i) => blockShapes(d, block(i))).flat(),
      ...normShapes(below(d.finalNorm), d.width, d.norm),
      ...(hasHead && !tiedHead
        ? projectionShapes(d.head.name, [d.width, d.vocabulary], { bias: d.head.bias })
        : []),
    ],
    hookPoints: hookPointsOf(d, hasHead),
    tied: new Map(tiedHead ? [[`${d.head.name}.weight`, `${below(d.tokens)}.weight`]] : []),
    outputs: (parameters, given, hooks) => {
      const { hidden, blocks } = passed(d, parameters, given, hooks, below, block);
      const cache: KeyValueCache = { blocks };
      if (!hasHead) return { hidden, cache };
      return {
        logits: hooks.at('logits', logitsOf(d, parameters, hidden, tiedHead ? below(d.tokens) : d.head.name)),
        hidden,
        cache,
      };
    },
  };
}

function passed(
  d: DecoderDescription,
  parameters: Parameters,
  given: ModelInputs,
  hooks: Hooks,
  below: (name: string) => string,
  block: (i: number) => string,
): { readonly hidden: Tensor; readonly blocks: KeyValueCache['blocks'] } {
  const steps = stepsOf('decoder', given, d.vocabulary);
  const table = parameters.get(`${below(d.tokens)}.weight`);
  const tokens = embedding(table, steps.ids);
  let x = hooks.at('embed', d.embeddingScale === undefined ? tokens : mul(tokens, d.embeddingScale));
  if (d.positions) {
    const { name, count } = d.positions;
    if (steps.allSteps > count) {
      throw new ShapeError(
        `decoder: at most ${count} steps expected, as there are positions, got ${steps.allSteps}`,
      );
    }
    x = add(x, hooks.at('pos_embed', embedding(parameters.get(`${below(name)}.weight`), steps.positions)));
  }
  const { cache } = steps.inputs;
  const call: BlockCall = {
    tables: d.rotary && rotaryTablesAt(steps, d.rotary, table.dtype),
    seen: steps.seen,
    cache,
    hooks,
  };
  const blocks: KeyValueCache['blocks'][number][] = [];
  for (let i = 0; i < d.blocks; i++) {
    const { output, cached } = blockOf(d, parameters, block(i), i, x, call);
    blocks.push(cached);
    x = output;
  }
  return { hidden: hooks.at('final_norm', normalized(parameters, below(d.finalNorm), x, d.norm)), blocks };
}

function blockOf(
  d: DecoderDescription,
  parameters: Parameters,
  path: string,
  i: number,
  x: Tensor,
  call: BlockCall,
): { readonly output: Tensor; readonly cached: KeyValueCache['blocks'][number] } {
  const { names } = d;
  const at = (name: string, value: Tensor): Tensor => call.hooks.at(`blocks.${i}.${name}`, value);
  const norm = (name: string | undefined, value: Tensor): Tensor =>
    name === undefined ? value : normalized(parameters, `${path}.${name}`, value, d.norm);
  const before = at('resid_pre', x);
  const attnIn = at('attn_in', norm(names.attentionNorm, before));
  const { output, cached } = selfAttention(d, parameters, path, i, attnIn, call);
  const attnOut = at('attn_out', norm(names.attentionPostNorm, output));
  const isParallel = d.residual === 'parallel';
  const between = isParallel ? before : at('resid_mid', add(before, attnOut));
  // In parallel without a norm of its own, the layers see what attention sees.
  const normed = isParallel && names.mlpNorm === undefined ? attnIn : norm(names.mlpNorm, between);
  const mlpIn = at('mlp_in', normed);
  const mlpOut = at(
    'mlp_out',
    norm(names.mlpPostNorm, feedForward(d, parameters, path, i, mlpIn, call.hooks)),
  );
  const sum = isParallel ? add(add(attnOut, mlpOut), before) : add(between, mlpOut);
  return { output: at('resid_post', sum), cached };
}

function logitsOf(d: DecoderDescription, parameters: Parameters, hidden: Tensor, head: string): Tensor {
  const logits = project(parameters, head, hidden);
  return d.logitCap === undefined ? logits : mul(tanh(div(logits, d.logitCap)), d.logitCap);
}

function blockShapes(d: DecoderDescription, path: string): ParameterShape[] {
  const { names, width, hidden, bias, storedTransposed: transposed } = d;
  const norm = (name: string | undefined, own = width): ParameterShape[] =>
    name === undefined ? [] : normShapes(`${path}.${name}`, own, d.norm);
  const [queries, keys] = [d.heads * d.headWidth, d.keyHeads * d.headWidth];
  const projection = (name: string, inputs: number, outputs: number, hasBias: boolean): ParameterShape[] =>
    projectionShapes(`${path}.${name}`, [inputs, outputs], { bias: hasBias, transposed });
  const { qkv } = names;
  const [queryWidth, keyWidth] = d.qkNorm === 'whole' ? [queries, keys] : [d.headWidth, d.headWidth];
  const mlp = (below: string): ParameterShape[] => [
    ...(names.gate === undefined ? [] : projection(`${below}${names.gate}`, width, hidden, bias.mlp)),
    ...projection(`${below}${names.up}`, width, d.gateUpJoined === true ? 2 * hidden : hidden, bias.mlp),
    ...projection(`${below}${names.down}`, hidden, width, bias.mlp),
  ];
  const { experts } = d;
  return [
    ...norm(names.attentionNorm),
    ...(typeof qkv === 'string'
      ? projection(qkv, width, queries + 2 * keys, bias.qkv)
      : qkv.flatMap((name, which) => projection(name, width, which === 0 ? queries : keys, bias.qkv))),
    ...(d.qkNorm ? [...norm(names.queryNorm, queryWidth), ...norm(names.keyNorm, keyWidth)] : []),
    ...projection(names.out, queries, width, bias.out),
    ...norm(names.attentionPostNorm),
    ...norm(names.mlpNorm),
    ...(experts
      ? [
          ...projection(experts.router, width, experts.count, false),
          ...Array.from({ length: experts.count }, (_, e) => mlp(`${experts.experts}.${e}.`)).flat(),
        ]
      : mlp('')),
    ...norm(names.mlpPostNorm),
  ];
}

function hookPointsOf(d: DecoderDescription, hasHead: boolean): string[] {
  const { experts } = d;
  const mlp = experts
    ? [
        'router',
        'gates',
        ...Array.from({ length: experts.count }, (_, e) => [
          `experts.${e}.mlp_pre`,
          `experts.${e}.mlp_act`,
        ]).flat(),
      ]
    : ['mlp_pre', 'mlp_act'];
  const inBlock = [
    ...['resid_pre', 'attn_in', 'q', 'k', 'v', 'pattern', 'z', 'attn_out'],
    ...(d.residual === 'parallel' ? [] : ['resid_mid']),
    ...['mlp_in', ...mlp, 'mlp_out', 'resid_post'],
  ];
  return [
    'embed',
    ...(d.positions ? ['pos_embed'] : []),
    ...Array.from({ length: d.blocks }, (_, i) => inBlock.map((name) => `blocks.${i}.${name}`)).flat(),
    'final_norm',
    ...(hasHead ? ['logits'] : []),
  ];
}
