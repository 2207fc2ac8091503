import { checkOptions, DTypeError, OptionError, ShapeError, unexpected } from '../../errors';
import { checkTensors } from '../../graph/call';
import type { Site } from '../../graph/op';
import { formatShape, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { tensorsOf, withTensors } from '../../graph/tree';
import { add, ones, zeros } from '../../ops/elementwise/arithmetic';
import { sqrt } from '../../ops/elementwise/math';
import { expandDims, reshape } from '../../ops/shape/reshape';
import { checkLike, stackedCount } from '../stacked';
import { gram } from './gram';
import { kroneckerFactors, type WeightSharing } from './kroneckerFactors';
import { matrixShape, rotated } from './rotate';
import * as statistics from './statistics';
import type { Taps } from './taps';

/** What per-example gradients are made of. */
export interface Sources {
  readonly losses: Tensor;
  /** Per parameter. */
  readonly sites: readonly (readonly Site[])[];
  readonly taps?: Taps;
  /** The sites with their factors, where `sites` has dense ones for simplicity. */
  readonly factored?: () => Sources;
}

/** What `perExample` returns: see there. Trees of results are shaped like the parameters. */
export class PerExampleGradients<P> {
  /** The losses, [N]. */
  readonly losses: Tensor;
  readonly #params: P;
  readonly #tensors: readonly Tensor[];
  readonly #sites: readonly (readonly Site[])[];
  readonly #sources: Sources;

  /**
   * Made by `perExample`.
   * @internal
   */
  constructor(
    params: P,
    /** How many examples there are. */
    readonly count: number,
    sources: Sources,
  ) {
    this.losses = sources.losses;
    this.#params = params;
    this.#tensors = tensorsOf(params);
    this.#sites = sources.sites;
    this.#sources = sources;
  }

  /** What the gradients are made of, per parameter: what files of them hold. @internal */
  get sites(): readonly (readonly Site[])[] {
    return this.#sites;
  }

  /** `sum_n (dL_n/dtheta)^2`, elementwise: the diagonal of the empirical Fisher before the division by N. */
  sumSquares(): P {
    return this.#perParameter((sites, { shape }) => statistics.sumSquares(sites, shape));
  }

  /**
   * `sum_n |dL_n/dtheta|`, elementwise. No factored form exists: gradients are stored a bounded number at a time, and the
   * cost is that of storing them.
   */
  sumAbsolute(): P {
    return this.#perParameter((sites, { shape }) => statistics.sumAbsolute(sites, shape));
  }

  /** `sum_n dL_n/dtheta`: the ordinary gradient of the summed losses. */
  sum(): P {
    return this.weightedSum(ones([this.count], this.losses.dtype));
  }

  /**
   * `sum_n w_n dL_n/dtheta` for weights [N], without going back again: clipping, group weights, attribution. For K
   * weightings [K, N] the results have a leading axis of K.
   * @throws ShapeError for weights of another shape; DTypeError for another dtype than that of the losses.
   */
  weightedSum(weights: Tensor): P {
    checkTensors('weightedSum', { weights });
    const many = weights.shape.length === 2;
    if ((!many && weights.shape.length !== 1) || weights.shape.at(-1) !== this.count) {
      throw new ShapeError(
        `weightedSum: weights of shape [${this.count}] or [K, ${this.count}] expected, got ` +
          formatShape(weights.shape),
      );
    }
    if (weights.dtype !== this.losses.dtype) {
      throw new DTypeError(`weightedSum: ${this.losses.dtype} weights expected, got ${weights.dtype}`);
    }
    const rows = many ? weights : expandDims(weights, 0);
    const leading = rows.shape.slice(0, 1);
    return this.#perParameter(
      (sites, { shape }) => {
        const sums = statistics.weightedSums(sites, rows, shape);
        return many ? sums : reshape(sums, shape);
      },
      ({ shape, dtype }) => zeros(many ? [...leading, ...shape] : shape, dtype),
    );
  }

  /** `|dL_n/dtheta|^2` over all parameters, [N]. */
  squaredNorms(): Tensor {
    return this.#overParameters((sites, { shape }) => statistics.squaredNorms(sites, shape));
  }

  /** `|dL_n/dtheta|` over all parameters, [N]. */
  norms(): Tensor {
    return sqrt(this.squaredNorms());
  }

  /**
   * `<dL_n/dtheta, v>` over all parameters, [N], for a direction shaped like them. For K directions, every tensor of `v`
   * with a leading axis of K, the result is [K, N].
   * @throws ShapeError for any other shape.
   */
  dot(v: P): Tensor {
    const directions = tensorsOf(v);
    const many = stackedCount('dot', 'a direction', this.#tensors, directions);
    const rows = many === null ? directions.map((direction) => expandDims(direction, 0)) : directions;
    const dots = this.#overParameters(
      (sites, _tensor, i) => statistics.dots(sites, rows[i] as Tensor),
      [many ?? 1, this.count],
    );
    return many === null ? reshape(dots, [this.count]) : dots;
  }

  /**
   * Inner products of all pairs of gradients over all parameters, `<dL_n/dtheta, dL'_m/dtheta>`, [N, M], with those of
   * another batch or of this one: the empirical neural tangent kernel of the losses. No gradient is stored as a whole.
   * @throws ShapeError when the other gradients are of parameters of other shapes.
   */
  gram(other: PerExampleGradients<P> = this): Tensor {
    const given: unknown = other;
    if (!(given instanceof PerExampleGradients)) {
      throw unexpected('gram', 'PerExampleGradients', given);
    }
    checkLike('gram', "the other gradients' parameters", this.#tensors, other.#tensors);
    return this.#overParameters(
      (sites, { shape }, i) => {
        const others = other.#sites[i] ?? [];
        return others.length === 0
          ? zeros([this.count, other.count], this.losses.dtype)
          : gram(sites, others, shape);
      },
      [this.count, other.count],
    );
  }

  /**
   * The gradients in other coordinates, `left^T dL_n/dtheta right` for every parameter read as a matrix [a, b] of its first
   * axis by all others (a vector is [a, 1]): a parameter's `left` is [a, p], its `right` [b, q], and null leaves that side
   * as it is. With orthogonal matrices a change of basis (the squares in the eigenbasis of Kronecker factors are EK-FAC's
   * eigenvalues, George et al. 2018), with narrow ones a projection. Every statistic of the result is as exact as here.
   *
   * @example
   * const eigenvalues = gradients.rotate(basisG, basisA).sumSquares();
   * const sketches = gradients.rotate(p, q).materialize();   // [N, p, q] per parameter
   * @throws ShapeError or DTypeError when a matrix does not fit its parameter.
   */
  rotate(left: P | null, right: P | null): PerExampleGradients<P> {
    const lefts = this.#matricesOf('left', left);
    const rights = this.#matricesOf('right', right);
    const parts = this.#tensors.map((tensor, i) => {
      const [rows, columns] = matrixShape(tensor.shape);
      const u = checkedBasis('left', lefts?.[i], tensor, rows);
      const v = checkedBasis('right', rights?.[i], tensor, columns);
      const shape = [u?.shape[1] ?? rows, v?.shape[1] ?? columns];
      const sites = (this.#sites[i] ?? []).map((site) => rotated(site, tensor.shape, u, v));
      return { stand: zeros(shape, tensor.dtype), sites };
    });
    const stands = parts.map(({ stand }) => stand);
    const sites = parts.map((part) => part.sites);
    return new PerExampleGradients(withTensors(this.#params, stands), this.count, {
      losses: this.losses,
      sites,
    });
  }

  /**
   * The gradients themselves in fewer coordinates, `left^T dL_n/dtheta right`, [N, p, q] per parameter: `rotate` with narrow
   * matrices, written out. From factors `dL_n/dtheta = sum_t l_nt r_nt^T` it is `sum_t (left^T l_nt) (right^T r_nt)^T`, so that
   * no gradient is stored as a whole. Random matrices of independent entries of variance 1/p and 1/q keep inner products in
   * expectation (Johnson and Lindenstrauss 1984; for influence functions TRAK, Park et al. 2023, and LoGra, Choe et al. 2024).
   *
   * @example
   * const sketches = gradients.project(p, q);                // [N, p, q] per parameter
   * @throws as `rotate` does.
   */
  project(left: P | null, right: P | null): P {
    return this.rotate(left, right).materialize();
  }

  /**
   * The factors of the Kronecker approximation of the Fisher, `F ~ left (x) right` over the number of examples squared, for
   * every parameter read as a matrix [a, b] of its first axis by all others:
   *
   *     expand   left = sum_n sum_t l_nt l_nt^T                right = sum_n 1/T sum_t r_nt r_nt^T
   *     reduce   left = sum_n (sum_t l_nt) (sum_t l_nt)^T      right = sum_n (1/T sum_t r_nt) (1/T sum_t r_nt)^T
   *
   * where `dL_n/dtheta = sum_t l_nt r_nt^T`; for a linear layer [out, in] `l` are the cotangents of the outputs and `r` the
   * inputs. Sums over examples: divide both by their number, batches add up. Uses of a tied weight count as more steps.
   * Vectors give their exact second moment and [[N]]. Martens and Grosse 2015; Eschenhagen et al. 2023 for steps that share
   * a weight, `'expand'` by default.
   * @throws ExampleAxisError for a parameter without factors, such as an embedding's table; OptionError for other sharing.
   */
  kroneckerFactors(options: { readonly sharing?: WeightSharing } = {}): {
    readonly left: P;
    readonly right: P;
  } {
    checkOptions('kroneckerFactors', options, ['sharing']);
    const { sharing = 'expand' } = options;
    const known: readonly string[] = ['expand', 'reduce'];
    if (!known.includes(sharing)) {
      throw new OptionError(`kroneckerFactors: sharing is 'expand' or 'reduce', got '${sharing}'`);
    }
    const { sites: factored } = this.#sources.factored?.() ?? this.#sources;
    const pairs = this.#tensors.map(({ shape, dtype }, i) => {
      const [rows, columns] = matrixShape(shape);
      const sites = factored[i] ?? [];
      return sites.length === 0
        ? { left: zeros([rows, rows], dtype), right: zeros([columns, columns], dtype) }
        : kroneckerFactors(sites, shape, sharing);
    });
    const tree = (side: 'left' | 'right'): P =>
      withTensors(
        this.#params,
        pairs.map((pair) => pair[side]),
      );
    return { left: tree('left'), right: tree('right') };
  }

  /**
   * The gradients with respect to an intermediate that the losses have named with `tap`: one per example, with every
   * statistic there is for parameters.
   *
   * @example
   * const slopes = gradients.at('features').materialize();   // [N, ...]
   * @throws OptionError for a name that is not tapped, or more than once; ExampleAxisError unless the tapped tensor has the
   *   examples on axis 0.
   */
  at(name: string): PerExampleGradients<Tensor> {
    const { value, cotangent } = this.#tapped(name);
    const shape = value.shape.slice(1);
    const sites: Site[] = cotangent ? [{ kind: 'dense', values: cotangent }] : [];
    return new PerExampleGradients(zeros(shape, value.dtype), this.count, {
      losses: this.losses,
      sites: [sites],
    });
  }

  /** The tapped intermediate itself, [N, ...]. @throws as `at` does. */
  valueAt(name: string): Tensor {
    return this.#tapped(name).value;
  }

  /** One matrix per parameter, or null for none. */
  #matricesOf(side: 'left' | 'right', tree: P | null): readonly Tensor[] | null {
    if (tree === null) return null;
    const matrices = tensorsOf(tree);
    if (matrices.length === this.#tensors.length) return matrices;
    throw new ShapeError(
      `rotate: one ${side} matrix for each of the ${this.#tensors.length} parameters expected, or null, got ${matrices.length}`,
    );
  }

  #tapped(name: string): ReturnType<Taps['find']> {
    const { taps } = this.#sources;
    if (!taps) throw new OptionError(`at: gradients in other coordinates have no tap '${name}'`);
    return taps.find(name);
  }

  /** The gradients themselves, [N, ...shape] per parameter. Memory: N times the parameters. */
  materialize(): P {
    return this.#perParameter(
      (sites) => statistics.materialize(sites),
      ({ shape, dtype }) => zeros([this.count, ...shape], dtype),
    );
  }

  #perParameter(
    statistic: (sites: readonly Site[], parameter: Tensor) => Tensor,
    unused: (parameter: Tensor) => Tensor = ({ shape, dtype }) => zeros(shape, dtype),
  ): P {
    const results = this.#tensors.map((tensor, i) => {
      const sites = this.#sites[i] ?? [];
      return sites.length === 0 ? unused(tensor) : statistic(sites, tensor);
    });
    return withTensors(this.#params, results);
  }

  #overParameters(
    statistic: (sites: readonly Site[], parameter: Tensor, index: number) => Tensor,
    shape: Shape = [this.count],
  ): Tensor {
    const parts = this.#tensors.flatMap((tensor, i) => {
      const sites = this.#sites[i] ?? [];
      return sites.length === 0 ? [] : [statistic(sites, tensor, i)];
    });
    return parts.length === 0 ? zeros(shape, this.losses.dtype) : parts.reduce((a, b) => add(a, b));
  }
}

function checkedBasis(
  side: string,
  basis: Tensor | undefined,
  { shape, dtype }: Tensor,
  rows: number,
): Tensor | null {
  if (basis === undefined) return null;
  if (basis.shape.length !== 2 || basis.shape[0] !== rows) {
    throw new ShapeError(
      `rotate: a ${side} matrix [${rows}, k] expected for a parameter ${formatShape(shape)}, got ${formatShape(basis.shape)}`,
    );
  }
  if (basis.dtype !== dtype) throw new DTypeError(`rotate: a ${dtype} matrix expected, got ${basis.dtype}`);
  return basis;
}
