import { compile } from '../../../lib/graph/compile';
import { evaluate } from '../../../lib/graph/evaluate';
import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { KroneckerOperator, type KroneckerBlock } from '../../../lib/curvature';
import { eigh, qr } from '../../../lib/linalg';
import { add, div, mul, square } from '../../../lib/ops/elementwise';
import { matmul } from '../../../lib/ops/products/matmul';
import { sum } from '../../../lib/ops/reduce/sum';
import { slice } from '../../../lib/ops/shape/slice';
import { transpose } from '../../../lib/ops/shape/transpose';
import { zeros } from '../../../lib/ops/elementwise/arithmetic';
import { perExample } from '../../../lib/transforms/perExample';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { build } from '../models/build';
import { number } from './contest';

/** Factors and sums of a parameter, by its name. */
interface Sides {
  readonly left: Parameters;
  readonly right: Parameters;
}

/** The linear weights of a decoder's blocks, and passes over its batches. */
async function layers(params: Params) {
  const { parameters, x, y, losses } = await build(params);
  const weights = parameters.select(/\.(qkv|proj|fc|out)\.weight$/);
  const [samples, size, tokens] = [number(params.samples), number(params.batch), x.shape[1] ?? 0];
  const gradients = (theta: Parameters, inputs: Tensor, targets: Tensor) =>
    perExample((some: Parameters, ...batch: [Tensor, Tensor]) =>
      losses(parameters.with([...some]), ...batch),
    )(theta, inputs, targets);
  const batches = Array.from({ length: samples / size }, (_, i) => {
    const part = { starts: [i * size], stops: [(i + 1) * size] };
    return [slice(x, part), slice(y, part)] as const;
  });
  await evaluate(batches);
  return { weights, gradients, batches, samples, tokens };
}

type Layers = Awaited<ReturnType<typeof layers>>;

/** `E[l l^T]` over tokens of summed losses' cotangents, and `E[r r^T]` of inputs. */
function factorsOf({ weights, gradients, batches, samples, tokens }: Layers): () => Promise<Sides> {
  const square = (side: 0 | 1) => weights.map(({ shape }) => zeros([shape[side] ?? 0, shape[side] ?? 0]));
  const more = compile((sofar: Sides, theta: Parameters, inputs: Tensor, targets: Tensor): Sides => {
    const found = gradients(theta, inputs, targets).kroneckerFactors();
    return {
      left: sofar.left.map((total, name) => add(total, div(found.left.get(name), samples * tokens))),
      right: sofar.right.map((total, name) => add(total, div(found.right.get(name), samples))),
    };
  });
  return async () => {
    let total: Sides = await evaluate({ left: square(0), right: square(1) });
    for (const [inputs, targets] of batches) {
      const before = total;
      total = await more(before, weights, inputs, targets);
      before.left.dispose();
      before.right.dispose();
    }
    return total;
  };
}

/** In the order of the other side: per layer what entered, then what came back. */
const inPairs = ({ left, right }: Sides): readonly Tensor[] =>
  left.names.flatMap((name) => [right.get(name), left.get(name)]);

const eigenOf = compile((factors: readonly Tensor[]) => factors.map((factor) => eigh(factor)));

/** K-FAC's factors, their eigendecompositions, EK-FAC's corrected eigenvalues, or its inverse's product. */
export async function kfac(params: Params): Promise<Contest> {
  if (params.what === 'inverse') return inverseProduct(params);
  const all = await layers(params);
  const factors = factorsOf(all);
  if (params.what === 'factors') return { run: factors, result: (value) => inPairs(value as Sides) };
  const pairs = inPairs(await factors());
  if (params.what === 'all-eigh') {
    return {
      run: () => eigenOf(pairs),
      // Eigenvectors of near-equal eigenvalues are arbitrary: the factors made of them are not.
      result: (value) =>
        (value as ReturnType<typeof eigh>[]).map(({ values, vectors }) =>
          matmul(mul(vectors, values), transpose(vectors)),
        ),
    };
  }
  return corrected(
    all,
    (await eigenOf(pairs)).map(({ vectors }) => vectors),
  );
}

/** The mean squares of single examples' gradients in the factors' eigenbases. */
function corrected({ weights, gradients, batches, samples }: Layers, bases: readonly Tensor[]): Contest {
  const basis = (offset: 0 | 1): Parameters =>
    new Parameters(weights.names.map((name, i) => [name, bases[2 * i + offset] as Tensor] as const));
  const [left, right] = [basis(1), basis(0)];
  const more = compile(
    (total: Parameters, theta: Parameters, u: Parameters, v: Parameters, inputs: Tensor, targets: Tensor) => {
      const squares = gradients(theta, inputs, targets).rotate(u, v).sumSquares();
      return total.map((sofar, name) => add(sofar, div(squares.get(name), samples)));
    },
  );
  const run = async (): Promise<Parameters> => {
    let total = await evaluate(weights.map(({ shape }) => zeros(shape)));
    for (const [inputs, targets] of batches) {
      const before = total;
      total = await more(before, weights, left, right, inputs, targets);
      before.dispose();
    }
    return total;
  };
  return { run, result: (value) => [...(value as Parameters)].map(([, squares]) => sum(squares)) };
}

const GPT_SMALL = [
  ['qkv', 768, 256],
  ['proj', 256, 256],
  ['fc', 1024, 256],
  ['out', 256, 1024],
] as const;

/** Name, rows and columns of the layers of a job. */
const LAYERS: Readonly<Record<string, readonly (readonly [string, number, number])[]>> = {
  'gpt-small': [0, 1, 2, 3].flatMap((i) =>
    GPT_SMALL.map(([name, out, inputs]) => [`h.${i}.${name}`, out, inputs] as const),
  ),
  small: Array.from({ length: 8 }, (_, i) => [`small.${i}`, 128, 64] as const),
  one: [['one', 3072, 768]],
};

/** Any orthogonal bases do: those of the factors are defined up to the order of rounding. */
async function inverseProduct(params: Params): Promise<Contest> {
  const shapes = LAYERS[String(params.layers)] ?? [];
  const basis = (name: string, n: number): Tensor => qr(uniform(name, [n, n])).q;
  const blocks = shapes.map(([name, out, inputs]) => {
    const block: KroneckerBlock = {
      left: basis(`qg.${name}`, out),
      right: basis(`qa.${name}`, inputs),
      eigenvalues: square(uniform(`lam.${name}`, [out, inputs])),
    };
    return [name, block] as const;
  });
  const v = new Parameters(
    shapes.map(([name, out, inputs]) => [name, uniform(`v.${name}`, [out, inputs])] as const),
  );
  await evaluate([blocks, v]);
  const about = { kind: 'ekfac', sharing: 'expand', labels: 'true', examples: 1, weights: '' } as const;
  const operator = new KroneckerOperator(v, new Map(blocks), about);
  const inverse = operator.inverse({ damping: number(params.damping) });
  return { run: () => inverse.matvec(v), warmup: 2 };
}
