import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { attention } from '../../../lib/ops/attention';
import { add, gelu, mul } from '../../../lib/ops/elementwise';
import { softmaxCrossEntropy } from '../../../lib/ops/losses';
import { softmax } from '../../../lib/ops/networks';
import { layerNorm } from '../../../lib/ops/norms';
import { vjp } from '../../../lib/transforms/vjp';
import type { Contest, Params } from '../contest';
import { integers, uniform } from '../hashed';
import { compiled, number } from './contest';

interface Layer {
  readonly inputs: readonly Tensor[];
  readonly forward: (...inputs: readonly Tensor[]) => Tensor;
}

const rowsOf = (params: Params): readonly [number, number] => [number(params.rows), number(params.width)];

const LAYERS: Readonly<Record<string, (params: Params) => Layer>> = {
  layerNorm: (params) => ({
    inputs: [
      uniform('x', rowsOf(params)),
      uniform('gain', [number(params.width)]),
      uniform('bias', [number(params.width)]),
    ],
    forward: (x, gain, bias) => layerNorm(x, gain, bias),
  }),
  softmax: (params) => ({ inputs: [uniform('x', rowsOf(params), 4)], forward: (x) => softmax(x) }),
  crossEntropy: (params) => {
    const labels = integers('labels', [number(params.rows)], number(params.width));
    return { inputs: [uniform('x', rowsOf(params), 4)], forward: (x) => softmaxCrossEntropy(x, labels) };
  },
  attention: (params) => {
    const shape = [params.batch, params.heads, params.length, params.width].map(number);
    const causal = params.causal !== false;
    const inputs = ['q', 'k', 'v'].map((name) => uniform(name, shape));
    return { inputs, forward: (q, k, v) => attention(q, k, v, { causal }) };
  },
  geluChain: (params) => ({
    inputs: [
      uniform('x', rowsOf(params), 2),
      uniform('bias', [number(params.width)]),
      uniform('skip', rowsOf(params)),
    ],
    forward: (x, bias, skip) => add(mul(gelu(add(x, bias), { approximate: 'tanh' }), 0.5), skip),
  }),
};

/** One layer, forwards or the pull-back of a slope through it. */
export async function layer(params: Params): Promise<Contest> {
  const prepare = LAYERS[String(params.layer)];
  if (!prepare)
    throw new Error(`no layer '${String(params.layer)}'; there are ${Object.keys(LAYERS).join(', ')}`);
  const { inputs, forward } = prepare(params);
  await evaluate(inputs);
  if (params.pass === 'forward') return compiled(forward, [...inputs], { warmup: 3 });
  const slope = await evaluate(uniform('slope', forward(...inputs).shape));
  const back = (g: Tensor, ...args: readonly Tensor[]): readonly Tensor[] =>
    vjp((all: readonly Tensor[]) => forward(...all), args).pull(g);
  return compiled(back, [slope, ...inputs], { warmup: 3 });
}
