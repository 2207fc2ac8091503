import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { compile } from '../../../lib/graph/compile';
import { Program } from '../../../lib/graph/lowering/program';
import { trace } from '../../../lib/graph/lowering/trace';
import { evaluate } from '../../../lib/graph/evaluate';
import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { tensorsOf } from '../../../lib/graph/tree';
import { native } from '../../../lib/native';
import { add, mul } from '../../../lib/ops/elementwise';
import { full, zeros } from '../../../lib/ops/elementwise/arithmetic';
import { mean } from '../../../lib/ops/reduce/reduce';
import { matmul } from '../../../lib/ops/products/matmul';
import { adamw, type OptimizerState } from '../../../lib/optim';
import { valueAndGrad } from '../../../lib/transforms/grad';
import type { Contest, Params } from '../contest';
import { decoder, DECODERS, decoderShapes, type DecoderSizes } from '../models/decoder';

/** A program of version 2 without inputs, outputs, slots, values and instructions. */
const EMPTY = Float64Array.of(2, 0, 0, 0, 0, 0);

/** To the executor's thread and back. */
function empty(): Contest {
  const program = native.createProgram(EMPTY);
  return { run: () => native.runProgram(program, []), warmup: 100 };
}

const INSTRUCTIONS = 2000;

/** Instructions that hardly compute: products of single numbers, one after the other. */
async function instruction(): Promise<Contest> {
  const x = await evaluate(full([1, 1], 1));
  const chain = compile((start: Tensor) => {
    let y = start;
    for (let i = 0; i < INSTRUCTIONS; i++) y = matmul(y, y);
    return y;
  });
  const { steps } = chain.estimate(x);
  return { run: () => chain(x), per: steps, warmup: 5 };
}

type Step = (
  theta: Parameters,
  state: OptimizerState<Parameters>,
  x: Tensor,
  y: Tensor,
) => { readonly loss: Tensor; readonly params: Parameters; readonly state: OptimizerState<Parameters> };

/** Loss, gradient and AdamW of a decoder, with arguments. */
function trainingStep(
  sizes: DecoderSizes,
  batch: number,
): { readonly step: Step; readonly args: StepArguments } {
  const network = decoder(sizes);
  const optimizer = adamw({ learningRate: 1e-4 });
  const theta = new Parameters(decoderShapes(sizes).map(([name, shape]) => [name, zeros(shape)] as const));
  const loss = (params: Parameters, x: Tensor, y: Tensor): Tensor =>
    mean(network.lossesOf(network.outputs(params, x), y));
  const step: Step = (params, state, x, y) => {
    const { value, grad } = valueAndGrad(loss)(params, x, y);
    return { loss: value, ...optimizer.step(params, grad, state) };
  };
  const tokens = (): Tensor => zeros([batch, sizes.context], 'int32');
  return { step, args: [theta, optimizer.init(theta), tokens(), tokens()] };
}

type StepArguments = [Parameters, OptimizerState<Parameters>, Tensor, Tensor];

/** GPT-2 small's step at T = 256, as a graph, lowered and as a program: nothing is computed. */
function build(): Contest {
  const { step, args } = trainingStep(sizesOf({}), 4);
  return {
    run: () => Promise.resolve(new Program(trace('build', step, args).lowered)).then(() => undefined),
    warmup: 10,
  };
}

const sizesOf = (other: Partial<DecoderSizes>): DecoderSizes => {
  const { gpt2 } = DECODERS;
  if (!gpt2) throw new Error('no gpt2 among the decoders');
  return { ...gpt2, ...other };
};

/**
 * What a compiled call does before it hands over to the executor, for as many parameters and instructions as GPT-2 small's
 * step has, of next to no size: the same graph at a width of 12.
 */
async function call(): Promise<Contest> {
  const { step, args } = trainingStep(sizesOf({ width: 12, vocabulary: 16, context: 2 }), 1);
  await evaluate(args);
  const program = compile(step);
  const run = async (): Promise<{ readonly seconds: number; readonly results: unknown }> => {
    const start = performance.now();
    const running = program(...args);
    const seconds = (performance.now() - start) / 1e3;
    return { seconds, results: await running };
  };
  return {
    run,
    seconds: (value) => (value as { readonly seconds: number }).seconds,
    result: () => [],
    warmup: 20,
  };
}

const STEPS = 10_000;
const WARM = 1_000;

/** What ten thousand steps leave in JavaScript's heap. */
async function heap(): Promise<Contest> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  let weights = await evaluate(full([8, 8], 1));
  const step = compile((w: Tensor) => mul(add(w, matmul(w, w)), 0.1));
  const steps = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const before = weights;
      weights = await step(before);
      before.dispose();
    }
  };
  await steps(WARM);
  const start = used();
  let grown = 0;
  return {
    run: async () => {
      await steps(STEPS);
      grown = used() - start;
    },
    result: () => [],
    per: STEPS,
    counts: () => ({ heap_growth_mb: grown }),
  };
}

const JOBS: Readonly<Record<string, () => Contest | Promise<Contest>>> = {
  empty,
  instruction,
  build,
  call,
  heap,
};

export async function overhead({ what }: Params): Promise<Contest> {
  const prepare = JOBS[String(what)];
  if (!prepare) throw new Error(`no overhead '${String(what)}'; there are ${Object.keys(JOBS).join(', ')}`);
  const contest = await prepare();
  return { result: (value) => tensorsOf(value), ...contest };
}
