import { checkFunction, checkOptions, OptionError, unexpected } from '../errors';
import { LabeledSet } from '../data/labeledSet';
import { compile } from '../graph/compile';
import { evaluate } from '../graph/evaluate';
import { checkParameters, Parameters } from '../graph/parameters';
import type { RunOptions, Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import type { Model } from '../models/model';
import { add, cast, div, zeros } from '../ops/elementwise/arithmetic';
import { softmaxCrossEntropy } from '../ops/losses/softmaxCrossEntropy';
import { stopGradient } from '../ops/shape/identity';
import { categorical, foldKey, key } from '../random';

/** A batch: tensors with the examples on axis 0. */
export type ExampleBatch = readonly Tensor[];

/**
 * What curvature is the curvature of: the mean over all examples of `losses(outputs(parameters, ...batch), ...batch)`. The two
 * are apart because Gauss-Newton and Fisher matrices see the outputs (logits) between them.
 */
export interface Objective<B extends ExampleBatch = ExampleBatch> {
  /** Where the curvature is looked at, and with respect to what. */
  readonly parameters: Parameters;
  readonly outputs: (parameters: Parameters, ...batch: B) => Tensor;
  /** One loss per example, [N]. */
  readonly losses: (outputs: Tensor, ...batch: B) => Tensor;
  /** How many examples there are, for progress. */
  readonly size?: number;
  /** All examples, the same batches in the same order whenever it is asked. A batch may be freed when the next is asked for. */
  readonly batches: () => Iterable<B>;
  /** The batch with labels drawn from the model's own prediction instead: what the true Fisher information is of. */
  readonly drawn?: (outputs: Tensor, key: Tensor, ...batch: B) => B;
}

/** @throws PalimpsestError ERR_ARGUMENT for what is no objective, which only JavaScript callers can give. */
export function checkObjective(where: string, objective: unknown): void {
  if (typeof objective !== 'object' || objective === null) throw unexpected(where, 'an objective', objective);
  const parts = objective as Readonly<Record<string, unknown>>;
  checkParameters(`${where}: an objective's parameters`, parts.parameters);
  for (const name of ['outputs', 'losses', 'batches'])
    checkFunction(`${where}: an objective's ${name}`, parts[name]);
}

/** @throws PalimpsestError ERR_ARGUMENT for what is no model or no labeled set, which only JavaScript callers can give. */
export function checkClassifier(where: string, model: unknown, data: unknown): void {
  const parts = (typeof model === 'object' && model !== null ? model : {}) as Partial<Model>;
  if (!(parts.parameters instanceof Parameters) || typeof parts.forward !== 'function')
    throw unexpected(where, 'a model', model);
  if (!(data instanceof LabeledSet)) throw unexpected(where, 'a LabeledSet', data);
}

export interface ClassifierObjectiveOptions {
  /** Only bounds memory. Default 256. */
  readonly batchSize?: number;
}

/**
 * The mean cross-entropy of a classifier over labeled data.
 * @throws OptionError for a misspelled option, or a batch size that is no positive integer.
 */
export function classifierObjective(
  model: Model,
  data: LabeledSet,
  options: ClassifierObjectiveOptions = {},
): Objective<readonly [x: Tensor, labels: Tensor]> {
  checkClassifier('classifierObjective', model, data);
  checkOptions('classifierObjective', options, ['batchSize']);
  const { batchSize = 256 } = options;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    throw new OptionError(`classifierObjective: batchSize must be a positive integer, got ${batchSize}`);
  return {
    parameters: model.parameters,
    outputs: (parameters, x) => model.forward(parameters, x),
    size: data.size,
    losses: (logits, _x, labels) => softmaxCrossEntropy(logits, labels),
    batches: function* () {
      for (const { x, y } of data.batches(batchSize)) {
        yield [x, y] as const;
        x.dispose();
        y.dispose();
      }
    },
    drawn: (logits, seed, x) => [x, categorical(seed, stopGradient(logits))] as const,
  };
}

/**
 * The same objective as a function of some parameters alone; the others are constants. For blocks of a curvature matrix.
 *
 * @example
 * const block = await ekfac(selectParameters(objective, /^h\.11\./));
 * @throws OptionError when no parameter has such a name; PalimpsestError ERR_ARGUMENT for what is no pattern.
 */
export function selectParameters<B extends ExampleBatch>(
  objective: Objective<B>,
  pattern: RegExp | ((name: string) => boolean),
): Objective<B> {
  checkObjective('selectParameters', objective);
  const parameters = objective.parameters.select(pattern);
  if (parameters.length === 0) throw new OptionError('selectParameters: no parameter has such a name');
  return {
    ...objective,
    parameters,
    outputs: (some, ...batch) => objective.outputs(objective.parameters.with([...some]), ...batch),
  };
}

/** The losses of a batch as a function of the parameters. */
export const lossesOf =
  <B extends ExampleBatch>({ outputs, losses }: Objective<B>) =>
  (parameters: Parameters, ...batch: B): Tensor =>
    losses(outputs(parameters, ...batch), ...batch);

/** How labels come into a Fisher matrix: as they are (empirical), or drawn from the model's prediction (true, in expectation). */
export type Labels = 'true' | 'sampled';

export interface LabelOptions {
  /** Default `'true'`. */
  readonly labels?: Labels;
  /** Of the drawn labels. Default 0. */
  readonly seed?: number;
}

/** The batch as it is, or with labels drawn. @throws OptionError when the objective does not say how to draw. */
export function labelled<B extends ExampleBatch>(
  where: string,
  { parameters, outputs, drawn }: Objective<B>,
  labels: Labels,
  seed: Tensor,
  batch: B,
): B {
  if (labels === 'true') return batch;
  const spelled: string = labels;
  if (spelled !== 'sampled')
    throw new OptionError(`${where}: labels must be 'true' or 'sampled', got '${spelled}'`);
  if (!drawn) throw new OptionError(`${where}: labels are to be drawn, but the objective has no 'drawn'`);
  return drawn(outputs(parameters, ...batch), seed, ...batch);
}

/** What a sum over the examples adds up: the term of a batch, a tree of the zeros' structure. */
export type Term<B extends ExampleBatch, T, E> = (
  objective: Objective<B>,
  extra: E,
  key: Tensor,
  batch: B,
) => T;

/** A sum over all examples with what it is a sum over; see `sumOver`. */
export interface Summed<T> {
  readonly sum: T;
  readonly examples: number;
}

/**
 * A function that adds up a term over all batches, in float64. Compiled once: `extra` are the tensors that differ between
 * calls. The tree of `zeros` says what the result looks like.
 */
export function sumOver<B extends ExampleBatch, T, E>(
  objective: Objective<B>,
  term: Term<B, T, E>,
): (zeros: T, extra: E, seed: number, run: RunOptions, phase: string) => Promise<Summed<T>> {
  const step = compile((total: T, parameters: Parameters, extra: E, seed: Tensor, batch: B) => {
    const parts = tensorsOf(term({ ...objective, parameters }, extra, seed, batch));
    return withTensors(
      total,
      tensorsOf(total).map((sofar, i) => add(sofar, cast(parts[i] as Tensor, 'float64'))),
    );
  });
  return async (shapes, extra, seed, run, phase) => {
    const adding = step.withOptions(run.signal ? { signal: run.signal } : {});
    const base = key(seed);
    let total = withTensors(
      shapes,
      tensorsOf(shapes).map(({ shape }) => zeros(shape, 'float64')),
    );
    await evaluate([total, extra, objective.parameters]);
    let [examples, batches] = [0, 0];
    try {
      for (const batch of objective.batches()) {
        const next = await adding(total, objective.parameters, extra, foldKey(base, batches), batch);
        for (const tensor of tensorsOf(total)) tensor.dispose();
        total = next;
        examples += batch[0]?.shape[0] ?? 0;
        batches += 1;
        run.onProgress?.({ done: examples, total: objective.size ?? examples, phase });
      }
    } catch (error) {
      for (const tensor of tensorsOf(total)) tensor.dispose();
      throw error;
    }
    if (examples === 0) throw new OptionError(`${phase}: the objective has no examples`);
    return { sum: total, examples };
  };
}

/** The tree over so many examples, in the dtypes of another. */
export function meanLike<T>({ sum, examples }: Summed<T>, like: T): T {
  const dtypes = tensorsOf(like).map(({ dtype }) => dtype);
  return withTensors(
    sum,
    tensorsOf(sum).map((total, i) => cast(div(total, examples), dtypes[i] ?? 'float32')),
  );
}
