import { ShapeError, unexpected } from '../errors';
import { checkParameters, Parameters } from '../graph/parameters';
import { formatShape, sameShape } from '../graph/shape';
import type { RunOptions, Tensor } from '../graph/tensor';
import { cast } from '../ops/elementwise/arithmetic';
import { concat } from '../ops/shape/concat';
import { expandDims, reshape } from '../ops/shape/reshape';
import { split } from '../ops/shape/slice';

// Vectors of parameters are named and shaped like them. K of them at once have a leading axis of K in every tensor; methods
// that iterate write them as rows of one matrix [K, n].

/**
 * How many vectors `v` holds; null for one without the leading axis.
 * @throws ShapeError unless it is named and shaped like the parameters.
 */
export function vectorCount(where: string, like: Parameters, v: Parameters): number | null {
  checkParameters(where, v);
  let count: number | null | undefined;
  const fits = [...like].every(([name, { shape }]) => {
    const own = v.has(name) ? v.get(name).shape : undefined;
    if (!own) return false;
    const leads = own.length > shape.length ? (own[0] ?? 0) : null;
    count ??= leads;
    return sameShape(own.slice(own.length > shape.length ? 1 : 0), shape) && leads === count;
  });
  if (fits && v.length === like.length) return count ?? null;
  const described = (p: Parameters): string =>
    [...p].map(([name, { shape }]) => `${name} ${formatShape(shape)}`).join(', ');
  throw new ShapeError(
    `${where}: a vector of ${described(like)}, each with one leading axis more for several, expected, got ${described(v)}`,
  );
}

/** Vectors as rows [K, n], in one dtype. */
export function toRows(like: Parameters, v: Parameters, dtype: 'float32' | 'float64' = 'float64'): Tensor {
  const count = vectorCount('toRows', like, v);
  return concat(
    [...like].map(([name, { size }]) => cast(reshape(v.get(name), [count ?? 1, size]), dtype)),
    { axis: 1 },
  );
}

/** Rows [K, n] as vectors with a leading axis of K, in the parameters' dtypes. */
export function fromRows(like: Parameters, rows: Tensor): Parameters {
  const sizes = [...like].map(([, { size }]) => size);
  const parts = split(rows, sizes, { axis: 1 });
  return new Parameters(
    [...like].map(([name, { shape, dtype }], i) => {
      const part = parts[i] as Tensor;
      return [name, cast(reshape(part, [part.shape[0] ?? 0, ...shape]), dtype)] as const;
    }),
  );
}

/** One vector with a leading axis of 1, and back. */
export const asStack = (v: Parameters): Parameters => v.map((part) => expandDims(part, 0));
export const onlyOf = (v: Parameters): Parameters => v.map((part) => reshape(part, part.shape.slice(1)));

/** The options of a step inside a longer run: it is cancelled with it, but does not speak of its own progress. */
export const quiet = ({ signal }: RunOptions): RunOptions => (signal ? { signal } : {});

/**
 * @throws PalimpsestError ERR_ARGUMENT for what is no `CurvatureOperator`, which only JavaScript callers can give. By its looks,
 * for the class stands above those who ask.
 */
export function checkOperator(where: string, value: unknown): void {
  const isOperator =
    typeof value === 'object' &&
    value !== null &&
    'matvec' in value &&
    'parameters' in value &&
    value.parameters instanceof Parameters;
  if (isOperator) return;
  throw unexpected(where, 'a CurvatureOperator', value);
}
