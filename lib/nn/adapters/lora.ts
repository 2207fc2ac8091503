import { checkOptions, OptionError, ShapeError } from '../../errors';
import { lowRankPart, WeightDelta } from '../../edits';
import { Parameters } from '../../graph/parameters';
import { extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, mul, zeros } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { splitKey } from '../../random';
import { fanInUniform } from '../init/weights';
import { checkExtents } from '../layers/extents';
import { moduleOf, targetsOf, type Adapter, type Targets } from './adapter';

export interface LoraOptions {
  /** Which weights are changed, [out, in] or [out, in, ...kernel]. */
  readonly targets: Targets;
  /** r. With 1, one direction per weight (Lyu et al. 2024). */
  readonly rank: number;
  /** What `B A` is multiplied by, times the rank. Default the rank, so that the factor is 1. */
  readonly alpha?: number;
  /** The factor is `alpha / sqrt(rank)` (Kalajdzievski 2023) and not `alpha / rank`. Default false. */
  readonly rankStabilized?: boolean;
  /** Which of the weights are stored [in, out], as GPT-2's are. Default: none. */
  readonly transposed?: Targets;
}

/** A `lora` and what it adds as a value. */
export interface LoraAdapter extends Adapter {
  /**
   * What is added to the weights, of low rank: `apply` of it merges, `revert` of what that gives takes the weights back to
   * the bit, and `saveDelta` writes the factors to a small file.
   */
  delta(base: Parameters, small: Parameters): WeightDelta;
}

/**
 * Low-rank adaptation (Hu et al. 2022): every target W becomes
 *
 *     W + (alpha / r) B A,   A [r, in], B [out, r]
 *
 * A starts uniform within `1 / sqrt(in)`, B with zeros. The factors are named after the layer, `<layer>.lora_A.weight` and
 * `<layer>.lora_B.weight`. Per-example statistics of the factors stay factored.
 *
 * @example
 * const adapter = lora({ targets: /attn\.c_attn\.weight$/, transposed: /./, rank: 8, alpha: 16 });
 * const small = adapter.init(key(0), parameters);
 * const logits = model.apply(adapter.apply(parameters, small), tokens);
 * @throws OptionError for a misspelled or impossible option.
 */
export function lora(options: LoraOptions): LoraAdapter {
  checkOptions('lora', options, ['targets', 'rank', 'alpha', 'rankStabilized', 'transposed']);
  const { targets, rank, alpha = rank, rankStabilized = false, transposed = (): boolean => false } = options;
  checkExtents('lora', { rank });
  if (!Number.isFinite(alpha)) throw new OptionError(`lora: alpha must be a finite number, got ${alpha}`);
  const scale = alpha / (rankStabilized ? Math.sqrt(rank) : rank);
  const isTransposed = (name: string): boolean =>
    typeof transposed === 'function' ? transposed(name) : name.search(transposed) >= 0;
  const factors = (small: Parameters, name: string): { a: Tensor; b: Tensor } => ({
    a: small.get(`${moduleOf(name)}.lora_A.weight`),
    b: small.get(`${moduleOf(name)}.lora_B.weight`),
  });
  return {
    init: (key, base, { dtype = 'float32' } = {}) => {
      const names = targetsOf('lora', base, targets);
      const keys = splitKey(key, names.length);
      return new Parameters(
        names.flatMap((name, i) => {
          const [rows, columns] = matrixOf(name, base.get(name).shape);
          const [out, into] = isTransposed(name) ? [columns, rows] : [rows, columns];
          return [
            [`${moduleOf(name)}.lora_A.weight`, fanInUniform(keys[i] ?? key, [rank, into], { dtype })],
            [`${moduleOf(name)}.lora_B.weight`, zeros([out, rank], dtype)],
          ] as const;
        }),
      );
    },
    apply: (base, small) =>
      base.with(
        targetsOf('lora', base, targets).map((name) => {
          const { a, b } = factors(small, name);
          const product = mul(matmul(b, a), scale);
          const change = isTransposed(name) ? transpose(product) : product;
          const weight = base.get(name);
          return [name, add(weight, reshape(change, weight.shape))] as const;
        }),
      ),
    delta: (base, small) =>
      new WeightDelta(
        targetsOf('lora', base, targets).map((name) => {
          const { a, b } = factors(small, name);
          const [left, right] = isTransposed(name) ? [transpose(a), transpose(b)] : [b, a];
          return [name, lowRankPart(mul(left, scale), right, base.get(name).shape)] as const;
        }),
      ),
  };
}

/** Rows and columns of a weight that is read as a matrix. */
function matrixOf(name: string, shape: Shape): readonly [number, number] {
  if (shape.length < 2) {
    throw new ShapeError(`lora: a weight of two axes or more expected, '${name}' is ${formatShape(shape)}`);
  }
  return [extent(shape, 0), sizeOf(shape.slice(1))];
}
