import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import { extent } from '../../graph/shape';
import { add, cast, div, full, mul, notEqual } from '../../ops/elementwise/arithmetic';
import { tanh } from '../../ops/elementwise/math';
import { embedding } from '../../ops/indexing/embedding';
import { iota } from '../../ops/indexing/iota';
import { takeAlong } from '../../ops/indexing/takeAlong';
import { max } from '../../ops/reduce/reduce';
import { broadcastTo } from '../../ops/reduce/sum';
import { reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { ShapeError } from '../../errors';
import type { Network } from '../checkpoint/checkpointModel';
import type { Hooks } from '../hooks/hooks';
import type { KeyValueCache, ModelInputs } from '../inputs';
import type { DecoderDescription, StackDescription } from './description';
import { normalized, normShapes, project, projectionShapes } from './layers';
import { rotaryTablesAt, stepsOf, type Steps } from './positions';
import type { BlockCall } from './selfAttention';
import { blockOf, blockShapes, stackHookPoints } from './stack';

/** A classifier of texts: scores of the last token that is no padding. */
export interface TextHead {
  readonly classes: number;
  /** By which padding is known where there is no attention mask; undefined: there is none. */
  readonly padding: number | undefined;
}

export interface DecoderParts {
  /** Scores of the next token; of a whole text, by its last token; or none. */
  readonly head: 'tokens' | 'none' | TextHead;
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
export function decoder(d: DecoderDescription, { head, prefix }: DecoderParts): Network {
  const hasHead = head === 'tokens';
  const textHead = typeof head === 'object' ? head : undefined;
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
      ...(textHead ? projectionShapes(SCORE, [d.width, textHead.classes], { bias: false }) : []),
    ],
    hookPoints: hookPointsOf(d, stack, head !== 'none'),
    tied: new Map(tiedHead ? [[`${d.head.name}.weight`, `${below(d.tokens)}.weight`]] : []),
    outputs: (parameters, given, hooks) => {
      const { hidden, blocks } = passed(d, stack, parameters, given, hooks, below, block);
      const cache: KeyValueCache = { blocks };
      if (textHead) {
        const last = lastSteps(stepsOf('decoder', given, d.vocabulary), textHead.padding);
        const pooled = reshape(takeAlong(hidden, last, { axis: 1 }), [extent(hidden.shape, 0), d.width]);
        return { logits: hooks.at('logits', project(parameters, SCORE, pooled)), hidden, cache };
      }
      if (!hasHead) return { hidden, cache };
      return {
        logits: hooks.at('logits', logitsOf(d, parameters, hidden, tiedHead ? below(d.tokens) : d.head.name)),
        hidden,
        cache,
      };
    },
  };
}

const SCORE = 'score';

/** Where each text ends, int32 [N, 1, 1]: its last step that is no padding, by the mask or by the id. */
function lastSteps({ inputs, ids, examples, steps }: Steps, padding: number | undefined): Tensor {
  const { attentionMask } = inputs;
  const kept = attentionMask
    ? slice(attentionMask, { starts: [0, extent(attentionMask.shape, 1) - steps] })
    : padding === undefined
      ? undefined
      : notEqual(ids, padding);
  const places = broadcastTo(iota(steps), [examples, steps]);
  const last = kept
    ? max(mul(places, cast(kept, 'int32')), { axis: 1 })
    : full([examples], steps - 1, 'int32');
  return reshape(last, [examples, 1, 1]);
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
