import { Parameters } from '../../../lib/graph/parameters';
import { compile } from '../../../lib/graph/compile';
import { evaluate } from '../../../lib/graph/evaluate';
import { tensorsOf } from '../../../lib/graph/tree';
import { square } from '../../../lib/ops/elementwise/arithmetic';
import { concat } from '../../../lib/ops/shape/concat';
import { flatten, reshape } from '../../../lib/ops/shape/reshape';
import { slice } from '../../../lib/ops/shape/slice';
import { dampenParameters } from '../../../lib/curvature';
import { adamw, type OptimizerState } from '../../../lib/optim';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { DECODERS, decoderShapes } from '../models/decoder';
import { weightsOf } from '../models/workload';
import { number } from './contest';

/** GPT-2 small with its whole context. */
function gpt2Shapes(): ReturnType<typeof decoderShapes> {
  const sizes = DECODERS.gpt2;
  if (!sizes) throw new Error('no gpt2 among the decoders');
  return decoderShapes({ ...sizes, context: 1024 });
}

/** One long random vector, cut into tensors of these shapes. */
function cut(name: string, scale: number): Parameters {
  const shapes = gpt2Shapes();
  const sizes = shapes.map(([, shape]) => shape.reduce((product, extent) => product * extent, 1));
  const flat = uniform(name, [sizes.reduce((total, size) => total + size, 0)], scale);
  let start = 0;
  return new Parameters(
    shapes.map(([parameter, shape], i) => {
      const part = slice(flat, { starts: [start], stops: [start + (sizes[i] ?? 0)] });
      start += sizes[i] ?? 0;
      return [parameter, reshape(part, shape)] as const;
    }),
  );
}

/** Selective Synaptic Dampening: where I_f > alpha I_d, theta becomes min(lambda I_d / I_f, 1) theta. */
export async function ssd(params: Params): Promise<Contest> {
  const theta = cut('theta', 0.03);
  const forget = cut('importance.forget', 1).map((x) => square(x));
  const full = cut('importance.retain', 1).map((x) => square(x));
  await evaluate([theta, forget, full]);
  const strength = { alpha: number(params.alpha), lambda: number(params.lambda) };
  const run = async (): Promise<Parameters> =>
    (await dampenParameters(theta, { forget, full }, strength)).parameters;
  // The other side holds all tensors in one.
  return { run, result: (value) => [concat([...(value as Parameters)].map(([, x]) => flatten(x)))] };
}

/** One step of AdamW over GPT-2 small's parameters; every step goes on from the one before. */
export async function adamwStep(): Promise<Contest> {
  let theta = await weightsOf(gpt2Shapes());
  const slopes = theta.map(({ shape }, name) => uniform(`g.${name}`, shape, 1e-3));
  const optimizer = adamw({ learningRate: 1e-4, weightDecay: 0.01 });
  let state = await evaluate(optimizer.init(theta));
  const step = compile((before: Parameters, g: Parameters, moments: OptimizerState<Parameters>) =>
    optimizer.step(before, g, moments),
  );
  const run = async (): Promise<void> => {
    const before = { theta, state };
    ({ params: theta, state } = await step(theta, slopes, state));
    before.theta.dispose();
    for (const tensor of tensorsOf(before.state)) tensor.dispose();
  };
  return { run, result: () => tensorsOf(theta), warmup: 2 };
}
