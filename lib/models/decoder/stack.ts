import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import { add } from '../../ops/elementwise/arithmetic';
import type { ParameterShape } from '../checkpoint/checkpointModel';
import type { KeyValueCache } from '../inputs';
import type { StackDescription } from './description';
import { feedForward } from './feedForward';
import { normalized, normShapes, projectionShapes } from './layers';
import { selfAttention, type BlockCall } from './selfAttention';

/** Block i: what goes on, and the keys and values of all steps so far. */
export function blockOf(
  d: StackDescription,
  parameters: Parameters,
  path: string,
  i: number,
  x: Tensor,
  call: BlockCall,
): { readonly output: Tensor; readonly cached: KeyValueCache['blocks'][number] } {
  const { names } = d;
  const at = (name: string, value: Tensor): Tensor => call.hooks.at(`${call.place}.${i}.${name}`, value);
  const norm = (name: string | undefined, value: Tensor): Tensor =>
    name === undefined ? value : normalized(parameters, `${path}.${name}`, value, d.norm);
  const before = at('resid_pre', x);
  if (d.residual === 'postNorm') {
    const { output, cached } = selfAttention(d, parameters, path, i, at('attn_in', before), call);
    const sum = add(before, at('attn_out', output));
    const between = at('resid_mid', norm(names.attentionPostNorm, sum));
    const layers = feedForward(d, parameters, path, `${call.place}.${i}`, at('mlp_in', between), call.hooks);
    const after = norm(names.mlpPostNorm, add(between, at('mlp_out', layers)));
    return { output: at('resid_post', after), cached };
  }
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
    norm(names.mlpPostNorm, feedForward(d, parameters, path, `${call.place}.${i}`, mlpIn, call.hooks)),
  );
  const sum = isParallel ? add(add(attnOut, mlpOut), before) : add(between, mlpOut);
  return { output: at('resid_post', sum), cached };
}

/** The parameters of a block whose names begin with `path`. */
export function blockShapes(d: StackDescription, path: string): ParameterShape[] {
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

/** The names of all that can be looked at in the blocks, in the order of the forward pass. */
export function stackHookPoints(d: StackDescription, place = 'blocks'): string[] {
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
  return Array.from({ length: d.blocks }, (_, i) => inBlock.map((name) => `${place}.${i}.${name}`)).flat();
}
