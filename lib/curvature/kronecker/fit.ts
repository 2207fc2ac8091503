import { checkOptions, NotFiniteError, OptionError } from '../../errors';
import { compile } from '../../graph/compile';
import { evaluate } from '../../graph/evaluate';
import { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { eigh } from '../../linalg';
import { weightsHash } from '../../models/weightsHash';
import { add, cast, expandDims, maximum, mul, reshape, sum, zeros } from '../../ops';
import type { WeightSharing } from '../../transforms';
import { matrixShape } from '../../transforms/perExample/rotate';
import {
  checkObjective,
  meanLike,
  selectParameters,
  sumOver,
  type ExampleBatch,
  type LabelOptions,
  type Objective,
  type Summed,
} from '../objective';
import { gradientsOf } from '../operators/fisher';
import { KroneckerOperator, type KroneckerBlock } from './operator';

export interface KroneckerOptions extends LabelOptions {
  /** How steps that share a weight are counted. Default `'expand'` (Eschenhagen et al. 2023). */
  readonly sharing?: WeightSharing;
  /**
   * Parameters that get a diagonal block instead: those without Kronecker factors (the table of an embedding), or all that are too
   * large. Default: none; a parameter without factors is refused by name.
   */
  readonly diagonal?: RegExp | ((name: string) => boolean);
}

const OPTIONS = ['labels', 'seed', 'sharing', 'diagonal'] as const;

/** The parameters by the kind of their blocks. */
interface Kinds {
  readonly factored: Parameters;
  readonly diagonal: Parameters;
}

function kindsOf(parameters: Parameters, { diagonal }: KroneckerOptions): Kinds {
  if (!diagonal) return { factored: parameters, diagonal: new Parameters([]) };
  const chosen = new Set(parameters.select(diagonal).names);
  if (chosen.size === 0)
    throw new OptionError('kfac: no parameter has a name as the option diagonal describes it');
  return {
    factored: parameters.select((name) => !chosen.has(name)),
    diagonal: parameters.select((name) => chosen.has(name)),
  };
}

/** The objective as a function of some parameters alone. */
const withRespectTo = <B extends ExampleBatch>(objective: Objective<B>, some: Parameters): Objective<B> =>
  selectParameters(objective, (name) => some.has(name));

interface FactorSums {
  readonly left: Parameters;
  readonly right: Parameters;
  readonly squares: Parameters;
}

/** The first pass: Kronecker factors, and squares where the block is diagonal; sums over all examples. */
async function factorSums<B extends ExampleBatch>(
  objective: Objective<B>,
  options: KroneckerOptions,
  { factored, diagonal }: Kinds,
  run: RunOptions,
): Promise<Summed<FactorSums>> {
  const sides = (side: 0 | 1): Parameters =>
    factored.map(({ shape }) => zeros([matrixShape(shape)[side], matrixShape(shape)[side]], 'float64'));
  const nothing: FactorSums = {
    left: sides(0),
    right: sides(1),
    squares: diagonal.map(({ shape }) => zeros(shape, 'float64')),
  };
  const adding = sumOver<B, FactorSums, null>(objective, (own, _, seed, batch) => {
    const of = (some: Parameters) => gradientsOf('kfac', withRespectTo(own, some), options, seed, batch);
    const { sharing = 'expand' } = options;
    const factors =
      factored.length === 0
        ? { left: factored, right: factored }
        : of(factored).kroneckerFactors({ sharing });
    return { ...factors, squares: diagonal.length === 0 ? diagonal : of(diagonal).sumSquares() };
  });
  return adding(nothing, null, options.seed ?? 0, run, 'Kronecker factors');
}

const decompose = compile((factor: Tensor, examples: Tensor, like: Tensor) => {
  const mean = cast(mul(factor, examples), like.dtype);
  const { values, vectors } = eigh(mean);
  // Rounding makes eigenvalues of a singular factor slightly negative.
  return { values: maximum(values, 0), vectors, isFinite: sum(mean) };
});

interface Eigenbasis {
  readonly vectors: Tensor;
  readonly values: Tensor;
}

async function eigenbases(
  factors: Parameters,
  like: Parameters,
  examples: number,
  run: RunOptions,
): Promise<Map<string, Eigenbasis>> {
  const bases = new Map<string, Eigenbasis>();
  const share = await evaluate(zeros([], 'float64'));
  const scale = await evaluate(add(share, 1 / examples));
  for (const [name, factor] of factors) {
    const { values, vectors, isFinite } = await decompose.withOptions(
      run.signal ? { signal: run.signal } : {},
    )(factor, scale, like.get(name));
    if (!Number.isFinite(await isFinite.item())) {
      throw new NotFiniteError(`kfac: a factor of '${name}' is not finite; look for NaN in data and weights`);
    }
    bases.set(name, { values, vectors });
    factor.dispose();
    run.onProgress?.({ done: bases.size, total: factors.length, phase: 'eigenvectors' });
  }
  return bases;
}

async function fitted<B extends ExampleBatch>(
  objective: Objective<B>,
  options: KroneckerOptions,
  run: RunOptions,
): Promise<{
  readonly blocks: Map<string, KroneckerBlock>;
  readonly examples: number;
  readonly kinds: Kinds;
}> {
  checkObjective('kfac', objective);
  checkOptions('kfac', options, OPTIONS);
  const kinds = kindsOf(objective.parameters, options);
  const { sum: sums, examples } = await factorSums(objective, options, kinds, run);
  const left = await eigenbases(sums.left, kinds.factored, examples, run);
  const right = await eigenbases(sums.right, kinds.factored, examples, run);
  const blocks = new Map<string, KroneckerBlock>();
  for (const [name, { shape, dtype }] of objective.parameters) {
    const [u, v] = [left.get(name), right.get(name)];
    const eigenvalues =
      u && v
        ? mul(expandDims(u.values, 1), expandDims(v.values, 0))
        : reshape(cast(mul(sums.squares.get(name), 1 / examples), dtype), [...matrixShape(shape)]);
    blocks.set(
      name,
      u && v
        ? { left: u.vectors, right: v.vectors, eigenvalues, factors: { left: u.values, right: v.values } }
        : { eigenvalues },
    );
  }
  await evaluate(
    [...blocks.values()].map(({ eigenvalues }) => eigenvalues),
    run,
  );
  return { blocks, examples, kinds };
}

const described = async <B extends ExampleBatch>(
  kind: 'kfac' | 'ekfac',
  { parameters }: Objective<B>,
  { sharing = 'expand', labels = 'true' }: KroneckerOptions,
  examples: number,
  run: RunOptions,
) => ({ kind, sharing, labels, examples, weights: await weightsHash(parameters, run.signal) });

/**
 * K-FAC (Martens and Grosse 2015): every parameter's block of the Fisher information as a Kronecker product,
 * `F ~ E[l l^T] (x) E[r r^T]`, with `dL_n/dtheta = sum_t l_nt r_nt^T` for the parameter read as a matrix. Weights and biases have
 * blocks of their own, and so has a norm's gain: a vector's block is its exact second moment. A tied weight has one block, its
 * uses counting as more steps.
 *
 * @example
 * const curvature = await kfac(classifierObjective(model, train), { labels: 'sampled' });
 * const step = await curvature.inverse({ damping: 1e-3 }).matvec(gradient);
 * @throws OptionError; ExampleAxisError for a parameter without factors, or losses that mix examples; NotFiniteError;
 *   AbortedError.
 */
export async function kfac<B extends ExampleBatch>(
  objective: Objective<B>,
  options: KroneckerOptions = {},
  run: RunOptions = {},
): Promise<KroneckerOperator> {
  const { blocks, examples } = await fitted(objective, options, run);
  return new KroneckerOperator(
    objective.parameters,
    blocks,
    await described('kfac', objective, options, examples, run),
  );
}

/**
 * EK-FAC (George et al. 2018): K-FAC's eigenbases with the best eigenvalues in them, `Lambda = 1/N sum_n (U^T dL_n V)^2`, by a
 * second pass over the data. Its trace is that of the Fisher information.
 *
 * @example
 * const curvature = await ekfac(classifierObjective(model, train), {}, { onProgress });
 * const x = await curvature.inverse().matvec(gradient);
 * @throws as `kfac` does.
 */
export async function ekfac<B extends ExampleBatch>(
  objective: Objective<B>,
  options: KroneckerOptions = {},
  run: RunOptions = {},
): Promise<KroneckerOperator> {
  const { blocks, examples, kinds } = await fitted(objective, options, run);
  const { factored } = kinds;
  if (factored.length > 0) {
    const basis = (side: 'left' | 'right'): Parameters =>
      factored.map((_, name) => blocks.get(name)?.[side] as Tensor);
    const bases = { left: basis('left'), right: basis('right') };
    const adding = sumOver<B, Parameters, typeof bases>(objective, (own, { left, right }, seed, batch) =>
      gradientsOf('ekfac', withRespectTo(own, factored), options, seed, batch)
        .rotate(left, right)
        .sumSquares(),
    );
    const shapes = factored.map(({ shape }) => zeros([...matrixShape(shape)], 'float64'));
    const summed = await adding(shapes, bases, options.seed ?? 0, run, 'eigenvalues');
    const eigenvalues = await evaluate(meanLike(summed, factored), run);
    for (const [name, values] of eigenvalues) {
      const { left, right, eigenvalues: products, factors } = blocks.get(name) as KroneckerBlock;
      for (const unused of [products, factors?.left, factors?.right]) unused?.dispose();
      blocks.set(name, { ...(left && right ? { left, right } : {}), eigenvalues: values });
    }
  }
  return new KroneckerOperator(
    objective.parameters,
    blocks,
    await described('ekfac', objective, options, examples, run),
  );
}
