import { checkFunction, checkOptions, describe, NotFiniteError, OptionError } from '../../errors';
import { tensor } from '../../graph/create';
import { evaluate } from '../../graph/evaluate';
import type { RunOptions } from '../../graph/tensor';
import { tensorsOf } from '../../graph/tree';
import type { WeightAverage } from '../average';
import { checkNumber, checkOptimizer, type Optimizer } from '../optimizer';
import { loadRun, saveRun, startPosition, type Position } from './savedRun';
import {
  allFinite,
  disposeAll,
  stepsOf,
  type FitLoss,
  type Moment,
  type NumberedBatch,
  type Steps,
  type Sums,
} from './steps';

/** A look at a run between two steps. The tensors are those of the moment and must not be kept. */
export interface FitView<P> {
  readonly params: P;
  /** Their running average, where one is asked for. */
  readonly average: P | undefined;
  /** Steps taken. */
  readonly step: number;
  readonly epoch: number;
}

export interface EvaluationRule<P> {
  readonly everySteps: number;
  /** The lower, the better. */
  readonly score: (view: FitView<P>) => Promise<number>;
  /** End the run after so many scores in a row that are not lower than the lowest. Default: never. */
  readonly patience?: number;
  /** How much lower counts as lower. Default 0. */
  readonly minimumChange?: number;
}

export interface CheckpointRule {
  /** Replaced as a whole every time; a run that finds one goes on from it. */
  readonly folder: string;
  readonly everySteps: number;
}

export interface FitOptions<P, B> {
  /** Where to begin: any tree of float tensors. It stays as it is. */
  readonly params: P;
  /** The mean loss of a batch. */
  readonly loss: FitLoss<P, B>;
  /** The batches of an epoch, trees of tensors; the same ones in the same order whenever it is asked. */
  readonly batches: (epoch: number) => Iterable<B>;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  /** How many batches make one step; their gradients count by their examples. Default 1. */
  readonly accumulate?: number;
  /** How many examples a batch has. Default: the first extent of its first tensor. */
  readonly sizeOf?: (batch: B) => number;
  /** Of the keys that the loss gets. Default 0. */
  readonly seed?: number;
  /** Keeps a running average of the parameters as well. */
  readonly average?: WeightAverage;
  readonly evaluation?: EvaluationRule<P>;
  /** Looked at every `everySteps` steps; a true answer ends the run. */
  readonly stopWhen?: { readonly everySteps: number; readonly test: (view: FitView<P>) => Promise<boolean> };
  readonly checkpoint?: CheckpointRule;
  /** How many steps there will be: the total of the progress. Default: progress counts epochs. */
  readonly totalSteps?: number;
}

export interface FitResult<P> {
  readonly params: P;
  /** Their running average, where one was asked for. */
  readonly average: P | undefined;
  readonly steps: number;
  /** Whether `evaluation` or `stopWhen` ended the run before its last epoch. */
  readonly stopped: boolean;
  /** The lowest score of `evaluation`; undefined when there was none. */
  readonly bestScore: number | undefined;
}

const OPTIONS = [
  ...['params', 'loss', 'batches', 'optimizer', 'epochs', 'accumulate', 'sizeOf', 'seed', 'average'],
  ...['evaluation', 'stopWhen', 'checkpoint', 'totalSteps'],
];

/**
 * The training loop that everything here shares: mini-batches, gradient accumulation, running averages, scores with early
 * stopping, checkpoints. With `checkpoint` everything a run consists of (parameters, moments, counters, the place in the
 * data) is saved whole or not at all; a run that was interrupted goes on from there and ends with the very bits of one that
 * was not.
 *
 * @example
 * const { params } = await fit({
 *   params: start,
 *   loss: (theta, { x, y }) => mean(square(sub(matmul(x, theta.w), y))),
 *   batches: () => [{ x, y }],
 *   optimizer: adam(),
 *   epochs: 100,
 * });
 * @throws NotFiniteError when a loss or, at a checkpoint or the end, a parameter is NaN or infinite; AbortedError when `signal` fires;
 *   OptionError; FormatError for a checkpoint of another run. Nothing but the checkpoint is left behind then.
 */
export async function fit<P, B>(options: FitOptions<P, B>, run: RunOptions = {}): Promise<FitResult<P>> {
  checkOptions('fit', options, OPTIONS);
  checkParts(options);
  return new Fit(options, run).run();
}

class Fit<P, B> {
  readonly #options: FitOptions<P, B>;
  readonly #run: RunOptions;
  readonly #identity: { readonly seed: number; readonly accumulate: number };
  #moment: Moment<P>;
  #position: Position = startPosition();
  #savedStep = -1;

  constructor(options: FitOptions<P, B>, run: RunOptions) {
    const { params, optimizer, average, seed = 0, accumulate = 1, epochs } = options;
    checkCount('epochs', epochs, 0);
    checkCount('accumulate', accumulate);
    this.#options = options;
    this.#run = run;
    this.#identity = { seed, accumulate };
    this.#moment = { params, state: optimizer.init(params), average: average?.init(params) };
  }

  async run(): Promise<FitResult<P>> {
    const { params: given, checkpoint } = this.#options;
    try {
      const saved =
        checkpoint && (await loadRun(checkpoint.folder, this.#moment, this.#identity, this.#run.signal));
      if (saved) {
        this.#moment = saved.moment;
        this.#position = saved.position;
        this.#savedStep = saved.position.step;
      }
      await evaluate(this.#moment, this.#run.signal ? { signal: this.#run.signal } : {});
      await this.#epochs();
      const { params, state, average } = this.#moment;
      await this.#checkFinite();
      if (checkpoint && this.#savedStep !== this.#position.step) await this.#save();
      disposeAll([state, average?.step]);
      const { step: steps, stopped, bestScore } = this.#position;
      return { params, average: average?.params, steps, stopped, bestScore: bestScore ?? undefined };
    } catch (error) {
      this.#release(given);
      throw error;
    }
  }

  async #epochs(): Promise<void> {
    const { epochs, totalSteps } = this.#options;
    using steps = stepsOf({ ...this.#options, seed: this.#identity.seed }, this.#run);
    while (this.#position.epoch < epochs && !this.#isStopped()) {
      await this.#epoch(steps);
      if (this.#isStopped()) return;
      const epoch = this.#position.epoch + 1;
      this.#position = { ...this.#position, epoch, batch: 0 };
      if (totalSteps === undefined) {
        this.#run.onProgress?.({ done: epoch, total: epochs, phase: 'training' });
      }
    }
  }

  #isStopped(): boolean {
    return this.#position.stopped;
  }

  /** The batches of an epoch that are not used yet. A batch may be freed as soon as the next one is asked for. */
  async #epoch(steps: Steps<P, B>): Promise<void> {
    const { accumulate } = this.#identity;
    const { epoch, batch: skipped } = this.#position;
    const open: { sums: Sums<P> | null; batches: number } = { sums: null, batches: 0 };
    let seen = 0;
    const finish = async (): Promise<void> => {
      if (!open.sums) return;
      const { moment, loss } = await steps.finish(this.#moment, open.sums);
      disposeAll(open.sums);
      Object.assign(open, { sums: null, batches: 0 });
      await this.#advance(moment, loss);
    };
    try {
      for (const batch of this.#options.batches(epoch)) {
        if (seen++ < skipped) continue;
        if (accumulate === 1) {
          const { moment, loss } = await this.#used(batch, (numbered) => steps.take(this.#moment, numbered));
          await this.#advance(moment, loss);
        } else {
          const before = open.sums;
          open.sums = await this.#used(batch, (numbered) =>
            steps.gather(this.#moment.params, numbered, before),
          );
          open.batches += 1;
          disposeAll(before);
          if (open.batches === accumulate) await finish();
        }
        if (this.#isStopped()) return;
      }
      if (seen === 0) throw new OptionError(`fit: epoch ${epoch} has no batches`);
      await finish();
    } finally {
      disposeAll(open.sums);
    }
  }

  /** Uses a batch under its number, which moves on. */
  async #used<R>(batch: B, use: (numbered: NumberedBatch<B>) => Promise<R>): Promise<R> {
    const { sizeOf = (tree: B): number => tensorsOf(tree)[0]?.shape[0] ?? 1 } = this.#options;
    const { batch: place, batchCount } = this.#position;
    using index = tensor(batchCount, { dtype: 'int32' });
    using weight = tensor(sizeOf(batch), { dtype: 'float64' });
    const result = await use({ batch, index, weight });
    this.#position = { ...this.#position, batch: place + 1, batchCount: batchCount + 1 };
    return result;
  }

  /** Takes over what a step has made, unless its loss says that it is worthless. */
  async #advance(moment: Moment<P>, loss: number): Promise<void> {
    const { step, epoch } = this.#position;
    if (!Number.isFinite(loss)) {
      disposeAll(moment);
      throw new NotFiniteError(`fit: the loss of step ${step + 1} (epoch ${epoch}) is ${loss}; ${ADVICE}`);
    }
    this.#release(this.#options.params);
    this.#moment = moment;
    this.#position = { ...this.#position, step: step + 1 };
    await this.#betweenSteps();
  }

  async #betweenSteps(): Promise<void> {
    const { totalSteps, evaluation, stopWhen, checkpoint } = this.#options;
    const { step, epoch } = this.#position;
    if (totalSteps !== undefined)
      this.#run.onProgress?.({ done: step, total: totalSteps, phase: 'training' });
    const { params, average } = this.#moment;
    const view = { params, average: average?.params, step, epoch };
    if (evaluation && step % evaluation.everySteps === 0) {
      this.#judge(evaluation, await evaluation.score(view));
    }
    if (stopWhen && step % stopWhen.everySteps === 0 && (await stopWhen.test(view))) {
      this.#position = { ...this.#position, stopped: true };
    }
    if (checkpoint && step % checkpoint.everySteps === 0) await this.#save();
  }

  #judge({ patience = Infinity, minimumChange = 0 }: EvaluationRule<P>, score: number): void {
    const { bestScore } = this.#position;
    const isBetter = bestScore === null ? !Number.isNaN(score) : score < bestScore - minimumChange;
    const scoresSinceBest = isBetter ? 0 : this.#position.scoresSinceBest + 1;
    this.#position = {
      ...this.#position,
      bestScore: isBetter ? score : bestScore,
      scoresSinceBest,
      stopped: this.#position.stopped || scoresSinceBest >= patience,
    };
  }

  /** The loss of a step says nothing of the parameters after it. */
  async #checkFinite(): Promise<void> {
    const { params, average } = this.#moment;
    if (await allFinite([params, average?.params])) return;
    throw new NotFiniteError(
      `fit: after step ${this.#position.step} a parameter is NaN or infinite; ${ADVICE}`,
    );
  }

  async #save(): Promise<void> {
    const { checkpoint } = this.#options;
    if (!checkpoint) return;
    // What a run goes on from must be worth it.
    await this.#checkFinite();
    await saveRun(checkpoint.folder, this.#moment, this.#position, this.#identity, this.#run.signal);
    this.#savedStep = this.#position.step;
  }

  /** Frees the tensors of the moment, but for those that were given. */
  #release(given: P): void {
    const kept = new Set(tensorsOf(given));
    for (const item of tensorsOf(this.#moment)) if (!kept.has(item)) item.dispose();
  }
}

const ADVICE =
  'the parameters that went in are unchanged. Lower the learning rate, clip the gradients, or look for NaN in the data';

function checkCount(name: string, value: number, least = 1): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new OptionError(`fit: ${name} must be an integer from ${least}, got ${value}`);
}

const RULES = {
  evaluation: ['everySteps', 'score', 'patience', 'minimumChange'],
  stopWhen: ['everySteps', 'test'],
  checkpoint: ['everySteps', 'folder'],
} as const;

/** What a run is made of, before anything is computed. */
function checkParts<P, B>(options: FitOptions<P, B>): void {
  const { loss, batches, optimizer, sizeOf, average, totalSteps, evaluation, stopWhen, checkpoint } = options;
  checkFunction('fit: loss', loss);
  checkFunction('fit: batches', batches, 'a function of the epoch');
  checkOptimizer('fit', optimizer);
  if (sizeOf !== undefined) checkFunction('fit: sizeOf', sizeOf);
  if (totalSteps !== undefined) checkCount('totalSteps', totalSteps);
  if (average !== undefined) checkFunction('fit: average', (average as Partial<WeightAverage> | null)?.init);
  for (const name of ['evaluation', 'stopWhen', 'checkpoint'] as const) {
    const rule = options[name];
    if (rule === undefined) continue;
    checkOptions(`fit: ${name}`, rule, RULES[name]);
    checkCount(`${name}.everySteps`, rule.everySteps);
  }
  if (evaluation) checkFunction('fit: evaluation.score', evaluation.score);
  if (evaluation?.patience !== undefined) checkCount('evaluation.patience', evaluation.patience);
  if (evaluation?.minimumChange !== undefined)
    checkNumber('fit', 'evaluation.minimumChange', evaluation.minimumChange);
  if (stopWhen) checkFunction('fit: stopWhen.test', stopWhen.test);
  const folder: unknown = checkpoint?.folder;
  if (checkpoint && (typeof folder !== 'string' || folder === ''))
    throw new OptionError(`fit: checkpoint.folder must be a path, got ${describe(folder)}`);
}
