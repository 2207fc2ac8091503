import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import { mergeHeads, splitHeads } from '../../nn/transformer/heads';
import {
  attention,
  attentionWithPattern,
  rotary,
  type AttentionOptions,
  type RotaryTables,
} from '../../ops/attention';
import { clip } from '../../ops/elementwise/activations';
import { mul } from '../../ops/elementwise/arithmetic';
import { logicalAnd } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { concat } from '../../ops/shape/concat';
import { reshape } from '../../ops/shape/reshape';
import { split } from '../../ops/shape/slice';
import { repeat } from '../../ops/shape/repeat';
import type { Hooks } from '../hooks/hooks';
import type { KeyValueCache } from '../inputs';
import type { StackDescription } from './description';
import { normalized, project } from './layers';

/** What the blocks of a call have in common. */
export interface BlockCall {
  readonly tables: RotaryTables | undefined;
  /** bool [N, 1, 1, S + T] */
  readonly seen: Tensor | undefined;
  readonly cache: KeyValueCache | undefined;
  readonly hooks: Hooks;
  /** What the names of hook points begin with: `blocks`. */
  readonly place: string;
}

type CachedBlock = KeyValueCache['blocks'][number];

/** Attention of block i to its own steps and to those before: the output, and keys and values of all steps. */
export function selfAttention(
  d: StackDescription,
  parameters: Parameters,
  path: string,
  i: number,
  x: Tensor,
  { tables, seen, cache, hooks, place }: BlockCall,
): { readonly output: Tensor; readonly cached: CachedBlock } {
  const hooked = (name: string, value: Tensor): Tensor => hooks.at(`${place}.${i}.${name}`, value);
  const [q0, k0, v0] = headsOf(d, parameters, path, x);
  const turned = (h: Tensor): Tensor =>
    tables && d.rotary ? rotary(h, tables, { layout: d.rotary.layout }) : h;
  const q = hooked('q', turned(q0));
  const k = hooked('k', turned(k0));
  const v = hooked('v', v0);
  const before = cache?.blocks[i];
  const keys = before ? concat([before.keys, k], { axis: 2 }) : k;
  const values = before ? concat([before.values, v], { axis: 2 }) : v;
  const z = hooked('z', attended(d, i, { q, keys, values }, seen, hooks, place));
  const output = project(parameters, `${path}.${d.names.out}`, mergeHeads(z), d.storedTransposed);
  return { output, cached: { keys, values } };
}

/** Queries, keys and values with their heads apart, [N, heads, T, width of a head]. */
function headsOf(
  d: StackDescription,
  parameters: Parameters,
  path: string,
  x: Tensor,
): readonly [Tensor, Tensor, Tensor] {
  const { heads, keyHeads, headWidth, names } = d;
  if (typeof names.qkv === 'string' && d.qkvLayout === 'perHead') {
    const y = project(parameters, `${path}.${names.qkv}`, x, d.storedTransposed);
    const [q, k, v] = split(splitHeads(clipped(d, y), heads), 3, { axis: 3 });
    return three(q, k, v);
  }
  const flat =
    typeof names.qkv === 'string'
      ? split(
          project(parameters, `${path}.${names.qkv}`, x, d.storedTransposed),
          [heads * headWidth, keyHeads * headWidth, keyHeads * headWidth],
          {
            axis: 2,
          },
        )
      : names.qkv.map((name) => project(parameters, `${path}.${name}`, x, d.storedTransposed));
  const [q, k, v] = three(...flat);
  const whole = (h: Tensor, name: string | undefined): Tensor =>
    d.qkNorm === 'whole' && name !== undefined ? normalized(parameters, `${path}.${name}`, h, d.norm) : h;
  const perHead = (h: Tensor, name: string | undefined): Tensor =>
    d.qkNorm === 'heads' && name !== undefined ? normalized(parameters, `${path}.${name}`, h, d.norm) : h;
  return [
    perHead(splitHeads(clipped(d, whole(q, names.queryNorm)), heads), names.queryNorm),
    perHead(splitHeads(clipped(d, whole(k, names.keyNorm)), keyHeads), names.keyNorm),
    splitHeads(clipped(d, v), keyHeads),
  ];
}

const clipped = ({ clip: limit }: StackDescription, x: Tensor): Tensor =>
  limit === undefined ? x : clip(x, { min: -limit, max: limit });

function three(q?: Tensor, k?: Tensor, v?: Tensor): readonly [Tensor, Tensor, Tensor] {
  if (q && k && v) return [q, k, v];
  throw new TypeError('decoder: queries, keys and values expected');
}

interface Heads {
  readonly q: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** The output of every head, [N, H, T, D]. The pattern is made only where somebody looks at it. */
function attended(
  d: StackDescription,
  i: number,
  { q, keys, values }: Heads,
  seen: Tensor | undefined,
  hooks: Hooks,
  place: string,
): Tensor {
  const own = hooks.mask(i);
  const mask = own && seen ? logicalAnd(own, seen) : (own ?? seen);
  const [window, scale, headScale] = [d.windows[i], d.scales[i], hooks.headScale(i)];
  const options: AttentionOptions = {
    causal: d.causal,
    ...(mask ? { mask } : {}),
    ...(window === undefined ? {} : { window }),
    ...(scale === undefined ? {} : { scale }),
    ...(d.softCap === undefined ? {} : { softCap: d.softCap }),
  };
  const scaled = (z: Tensor): Tensor => (headScale ? mul(z, reshape(headScale, [d.heads, 1, 1])) : z);
  const name = `${place}.${i}.pattern`;
  if (!hooks.isRead(name) && !hooks.isPatched(name)) return scaled(attention(q, keys, values, options));
  const pattern = hooks.at(name, attentionWithPattern(q, keys, values, options).pattern);
  // A pattern that is only read leaves the output to the kernel that gives it otherwise, to the bit.
  if (!hooks.isPatched(name)) return scaled(attention(q, keys, values, options));
  const shared = d.heads / d.keyHeads;
  return scaled(matmul(pattern, shared === 1 ? values : repeat(values, shared, { axis: 1 })));
}
