import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import { add, div, mul } from '../../ops/elementwise/arithmetic';
import { tanh } from '../../ops/elementwise/math';
import { embedding } from '../../ops/indexing/embedding';
import { ShapeError } from '../../errors';
import type { Network } from '../checkpoint/checkpointModel';
import type { Hooks } from '../hooks/hooks';
import type { KeyValueCache, ModelInputs } from '../inputs';
import type { DecoderDescription, StackDescription } from './description';
import { normalized, normShapes, project, projectionShapes } from './layers';
import { rotaryTablesAt, stepsOf } from './positions';
import type { BlockCall } from './selfAttention';
import { blockOf, blockShapes, stackHookPoints } from './stack';

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
  const stack: StackDescription = { ...d, causal: true };
  return {
    parameters: [
      { name: `${below(d.tokens)}.weight`, shape: [d.vocabulary, d.width] },
      ...(d.positions
        ? [{ name: `${below(d.positions.name)}.weight`, shape: [d.positions.count, d.width] }]
        : []),
      ...Array.from({ length: d.blocks }, (_, i) => blockShapes(stack, block(i))).flat(),
      ...normShapes(below(d.finalNorm), d.width, d.norm),
      ...(hasHead && !tiedHead
        ? projectionShapes(d.head.name, [d.width, d.vocabulary], { bias: d.head.bias })
        : []),
    ],
    hookPoints: hookPointsOf(d, stack, hasHead),
    tied: new Map(tiedHead ? [[`${d.head.name}.weight`, `${below(d.tokens)}.weight`]] : []),
    outputs: (parameters, given, hooks) => {
      const { hidden, blocks } = passed(d, stack, parameters, given, hooks, below, block);
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
  stack: StackDescription,
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
    place: 'blocks',
  };
  const blocks: KeyValueCache['blocks'][number][] = [];
  for (let i = 0; i < d.blocks; i++) {
    const { output, cached } = blockOf(stack, parameters, block(i), i, x, call);
    blocks.push(cached);
    x = output;
  }
  return { hidden: hooks.at('final_norm', normalized(parameters, below(d.finalNorm), x, d.norm)), blocks };
}

function logitsOf(d: DecoderDescription, parameters: Parameters, hidden: Tensor, head: string): Tensor {
  const logits = project(parameters, head, hidden);
  return d.logitCap === undefined ? logits : mul(tanh(div(logits, d.logitCap)), d.logitCap);
}

function hookPointsOf(d: DecoderDescription, stack: StackDescription, hasHead: boolean): string[] {
  return [
    'embed',
    ...(d.positions ? ['pos_embed'] : []),
    ...stackHookPoints(stack),
    'final_norm',
    ...(hasHead ? ['logits'] : []),
  ];
}
