import { checkOptions, OptionError, PalimpsestError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { checkTensors } from '../../graph/call';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { eigh } from '../../linalg';
import { cast, sub } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { slice } from '../../ops/shape/slice';
import { transpose } from '../../ops/shape/transpose';

export interface NullSpaceOptions {
  /** Eigenvalues below it count as zero. Default 1e-2, as AlphaEdit's code has it, times the mean of all when `relative`. */
  readonly threshold?: number;
  /** Whether the threshold is a multiple of the mean eigenvalue. Default false. */
  readonly relative?: boolean;
  /** The dimension instead: so many of the smallest eigenvalues. */
  readonly rank?: number;
}

/** The directions that a second moment hardly uses. */
export interface NullSpace {
  /** U, [in, r], orthonormal columns, float64. The projection is `U U^T`. */
  readonly basis: Tensor;
  /** All eigenvalues, ascending, [in]. */
  readonly eigenvalues: Tensor;
}

/**
 * The null space of a second moment C [in, in]: the span of the eigenvectors of its small eigenvalues.
 * @throws ShapeError, DTypeError, OptionError; PalimpsestError ERR_VALUE when nothing is below the threshold.
 */
export async function nullSpace(
  moment: Tensor,
  options: NullSpaceOptions = {},
  run: RunOptions = {},
): Promise<NullSpace> {
  checkOptions('nullSpace', options, ['threshold', 'relative', 'rank']);
  checkTensors('nullSpace', { moment });
  const { threshold = 1e-2, relative = false, rank } = options;
  if (typeof threshold !== 'number' || Number.isNaN(threshold))
    throw new OptionError(`nullSpace: threshold must be a number, got ${String(threshold)}`);
  const { values, vectors } = eigh(cast(moment, 'float64'));
  await evaluate([values, vectors], run);
  const all = await values.data<'float64'>();
  if (rank !== undefined && !(Number.isInteger(rank) && rank >= 1 && rank <= all.length))
    throw new OptionError(`nullSpace: rank must be a whole number from 1 to ${all.length}, got ${rank}`);
  const mean = all.reduce((a, b) => a + b, 0) / Math.max(1, all.length);
  const limit = relative ? threshold * mean : threshold;
  const count = rank ?? all.filter((value) => value < limit).length;
  if (count === 0) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `nullSpace: no eigenvalue is below ${limit}, the smallest is ${all[0]}`,
    );
  }
  const basis = slice(vectors, { stops: [undefined, count] });
  await evaluate(basis, run);
  // All of them are the vectors themselves.
  if (basis !== vectors) vectors.dispose();
  return { basis, eigenvalues: values };
}

/** `G U U^T`: the part of a change or gradient [..., in] that keys outside the null space do not see. */
export function projectToNullSpace(x: Tensor, space: NullSpace): Tensor {
  const basis = basisOf('projectToNullSpace', space);
  checkTensors('projectToNullSpace', { x });
  return matmul(matmul(x, cast(basis, x.dtype)), transpose(cast(basis, x.dtype)));
}

/** `G - G U U^T`, for a basis of the directions to keep clear of. */
export function removeDirections(x: Tensor, basis: Tensor): Tensor {
  return sub(x, projectToNullSpace(x, { basis, eigenvalues: basis }));
}

/** @throws PalimpsestError ERR_ARGUMENT for what is no null space, which only JavaScript callers can give. */
export function basisOf(where: string, space: NullSpace): Tensor {
  const given: unknown = space;
  const basis = typeof given === 'object' && given !== null && 'basis' in given ? given.basis : undefined;
  checkTensors(where, { basis });
  return basis as Tensor;
}
