import { checkFunction, checkOptions, NotFiniteError, OptionError } from '../../errors';
import { compile } from '../../graph/compile';
import { tensor } from '../../graph/create';
import { evaluate } from '../../graph/evaluate';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { mapTree, tensorsOf } from '../../graph/tree';
import { add, cast, mul, sub, zerosLike } from '../../ops/elementwise/arithmetic';
import { abs } from '../../ops/elementwise/math';
import { max } from '../../ops/reduce/reduce';
import { sum } from '../../ops/reduce/sum';
import { stack } from '../../ops/shape/concat';
import { identity } from '../../ops/shape/identity';
import { reshape } from '../../ops/shape/reshape';
import { valueAndGrad } from '../../transforms/grad';
import { checkNumber } from '../optimizer';
import { direction, dot, type Pair } from './direction';
import { joined, parted } from './joined';
import { strongWolfe, type PointOnRay } from './lineSearch';

export interface LbfgsOptions {
  /** Steps at most. Default 100. */
  readonly maxSteps?: number;
  /** How many pairs of steps and changes of the gradient are kept. Default 10, as in SciPy. */
  readonly memory?: number;
  /** The end: no entry of the gradient is larger. Default 1e-5, as in SciPy. */
  readonly tolerance?: number;
  /** The end: the value fell by no more, relative to its size, or to 1 where it is smaller. Default 2.2e-9, as in SciPy. */
  readonly changeTolerance?: number;
}

/** Why it ended; `lineSearch` when no step makes the value lower, mostly because rounding is all that is left of it. */
export type LbfgsEnd = 'gradient' | 'change' | 'steps' | 'lineSearch';

export interface LbfgsResult<P> {
  readonly params: P;
  /** The loss there. */
  readonly value: number;
  /** The largest entry of its gradient. */
  readonly gradient: number;
  readonly steps: number;
  /** How often loss and gradient were computed. */
  readonly evaluations: number;
  readonly end: LbfgsEnd;
}

/** A place on the way, as a point of the ray that led to it. */
interface Place extends PointOnRay {
  readonly x: Tensor;
  readonly slopes: Tensor;
  /** The largest entry of the gradient. */
  readonly steepness: number;
}

/**
 * Minimises a function of a tree of float tensors by L-BFGS (Liu and Nocedal 1989) with a strong Wolfe line search: for small
 * smooth problems whose loss is the same at every call, such as a probe on fixed features. The parameters stay as they are.
 *
 * @example
 * const { params, value, end } = await lbfgs((w) => mean(softmaxCrossEntropy(matmul(x, w), y)), start);
 * @throws NotFiniteError when loss or gradient are not finite at the start; OptionError; AbortedError when `signal` fires.
 */
export async function lbfgs<P>(
  loss: (params: P) => Tensor,
  start: P,
  options: LbfgsOptions = {},
  run: RunOptions = {},
): Promise<LbfgsResult<P>> {
  checkFunction('lbfgs', loss);
  const settings = settingsOf(options);
  if (tensorsOf(start).length === 0) throw new OptionError('lbfgs: there are no parameters');
  const search = new Search(loss, start, settings, run);
  try {
    return await search.run();
  } finally {
    search.release();
  }
}

function settingsOf(options: LbfgsOptions): Required<LbfgsOptions> {
  checkOptions('lbfgs', options, ['maxSteps', 'memory', 'tolerance', 'changeTolerance']);
  const settings = { maxSteps: 100, memory: 10, tolerance: 1e-5, changeTolerance: 2.2e-9, ...options };
  for (const name of ['maxSteps', 'memory'] as const) {
    const least = name === 'memory' ? 1 : 0;
    if (Number.isSafeInteger(settings[name]) && settings[name] >= least) continue;
    throw new OptionError(`lbfgs: ${name} must be an integer from ${least}, got ${settings[name]}`);
  }
  checkNumber('lbfgs', 'tolerance', settings.tolerance);
  checkNumber('lbfgs', 'changeTolerance', settings.changeTolerance);
  return settings;
}

/** What is seen at a point of a ray; the numbers are value, slope along the ray, and largest slope. */
interface Seen {
  readonly x: Tensor;
  readonly slopes: Tensor;
  readonly numbers: Tensor;
}

function seen<P>(loss: (params: P) => Tensor, like: P, from: Tensor, ray: Tensor, distance: Tensor): Seen {
  const x = add(from, mul(ray, cast(distance, from.dtype)));
  const { value, grad: slopes } = valueAndGrad((flat: Tensor) => loss(parted(flat, like)))(x);
  const numbers = [value, dot(slopes, ray), max(abs(slopes))].map((y) => reshape(cast(y, 'float64'), []));
  return { x, slopes, numbers: stack(numbers) };
}

/** Where to go, how steep it is there, and how long a step it would be. */
interface Aim {
  readonly ray: Tensor;
  readonly slope: Tensor;
  readonly length: Tensor;
}

function aimed(slopes: Tensor, pairs: readonly Pair[]): Aim {
  const ray = direction(slopes, pairs);
  return { ray, slope: cast(dot(slopes, ray), 'float64'), length: cast(sum(abs(ray)), 'float64') };
}

class Search<P> {
  readonly #start: P;
  readonly #settings: Required<LbfgsOptions>;
  readonly #run: RunOptions;
  readonly #options: { readonly signal?: AbortSignal };
  readonly #look: (x: Tensor, ray: Tensor, distance: Tensor) => Promise<Seen>;
  readonly #aim: (slopes: Tensor, pairs: readonly Pair[]) => Promise<Aim>;
  /** Everything that was computed and is not freed yet. */
  readonly #made = new Set<Tensor>();
  #pairs: readonly Pair[] = [];
  #evaluations = 0;

  constructor(loss: (params: P) => Tensor, start: P, settings: Required<LbfgsOptions>, run: RunOptions) {
    this.#start = start;
    this.#settings = settings;
    this.#run = run;
    this.#options = run.signal ? { signal: run.signal } : {};
    this.#look = compile((from: Tensor, ray: Tensor, distance: Tensor) =>
      seen(loss, start, from, ray, distance),
    ).withOptions(this.#options);
    this.#aim = compile(aimed).withOptions(this.#options);
  }

  async run(): Promise<LbfgsResult<P>> {
    const { maxSteps } = this.#settings;
    const x = this.#owned(await evaluate(identity(joined(this.#start)), this.#options));
    let here = await this.#at(x, this.#owned(zerosLike(x)), 0);
    if (!Number.isFinite(here.value) || !Number.isFinite(here.steepness)) {
      throw new NotFiniteError(
        `lbfgs: at the start the loss is ${here.value} and its largest slope ${here.steepness}`,
      );
    }
    let steps = 0;
    let end: LbfgsEnd | undefined = this.#isFlat(here) ? 'gradient' : undefined;
    while (end === undefined && steps < maxSteps) {
      const next = await this.#step(here);
      if (next === null) {
        end = 'lineSearch';
        break;
      }
      steps += 1;
      const fall = here.value - next.value;
      const scale = Math.max(1, Math.abs(here.value), Math.abs(next.value));
      here = next;
      if (this.#isFlat(here)) end = 'gradient';
      else if (fall <= this.#settings.changeTolerance * scale) end = 'change';
      this.#run.onProgress?.({ done: steps, total: maxSteps, phase: 'minimising' });
    }
    // Tensors of their own: a part that is the whole would be freed with the search.
    const params = await evaluate(mapTree(parted(here.x, this.#start), identity), this.#options);
    const { value, steepness } = here;
    return { params, value, gradient: steepness, steps, evaluations: this.#evaluations, end: end ?? 'steps' };
  }

  /** Frees everything. */
  release(): void {
    this.#pairs = [];
    this.#keepOnly([]);
  }

  #isFlat({ steepness }: Place): boolean {
    return steepness <= this.#settings.tolerance;
  }

  /** The next place, lower than this one; null when there is none in sight. */
  async #step(here: Place): Promise<Place | null> {
    const { ray, slope, length } = await this.#aim(here.slopes, this.#pairs);
    this.#owned(ray);
    const [down, size] = [await slope.item(), await length.item()];
    slope.dispose();
    length.dispose();
    // Without pairs nothing is known of the scale: a step of length 1 at most, as in PyTorch.
    const first = this.#pairs.length === 0 ? Math.min(1, 1 / size) : 1;
    const onRay = { ...here, distance: 0, slope: down };
    const found = down < 0 ? await strongWolfe<Place>(onRay, first, (t) => this.#at(here.x, ray, t)) : null;
    if (found) {
      await this.#remember(here, found);
      this.#keepOnly([found.x, found.slopes]);
      return found;
    }
    this.#keepOnly([here.x, here.slopes]);
    if (this.#pairs.length === 0) return null;
    // The curvature that was seen leads nowhere: straight down instead.
    this.#pairs = [];
    this.#keepOnly([here.x, here.slopes]);
    return this.#step(here);
  }

  /** Keeps a pair whose curvature is positive; the search makes it so but for rounding. */
  async #remember(from: Place, to: Place): Promise<void> {
    const step = sub(to.x, from.x);
    const change = sub(to.slopes, from.slopes);
    const curvature = cast(dot(step, change), 'float64');
    await evaluate([step, change, curvature], this.#options);
    this.#owned(step);
    this.#owned(change);
    const isPositive = (await curvature.item()) > 0;
    curvature.dispose();
    if (isPositive) this.#pairs = [...this.#pairs, { step, change }].slice(-this.#settings.memory);
  }

  async #at(from: Tensor, ray: Tensor, distance: number): Promise<Place> {
    using far = tensor(distance, { dtype: 'float64' });
    const { x, slopes, numbers } = await this.#look(from, ray, far);
    this.#evaluations += 1;
    this.#owned(x);
    this.#owned(slopes);
    const [value = NaN, slope = NaN, steepness = NaN] = await numbers.data();
    numbers.dispose();
    return { x, slopes, distance, value, slope, steepness };
  }

  #owned(made: Tensor): Tensor {
    this.#made.add(made);
    return made;
  }

  /** Frees what was computed, but for these and the pairs. */
  #keepOnly(kept: readonly Tensor[]): void {
    const all = new Set([...kept, ...this.#pairs.flatMap(({ step, change }) => [step, change])]);
    for (const made of this.#made) {
      if (all.has(made)) continue;
      made.dispose();
      this.#made.delete(made);
    }
  }
}
