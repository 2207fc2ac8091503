import { checkOptions, OptionError, ShapeError } from '../../errors';
import { isHalf, type FloatDType } from '../../graph/dtype';
import { checkShape, extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { qr } from '../../linalg';
import { cast, less, mul } from '../../ops/elementwise/arithmetic';
import { where } from '../../ops/elementwise/math';
import { diagonal } from '../../ops/shape/diagonal';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { normal } from '../../random';

export interface OrthogonalOptions {
  /** The result times this number. Default 1. */
  readonly gain?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

/**
 * A random matrix [out, ...] with orthonormal rows, or columns where it is tall, times the gain (Saxe et al. 2014); axes
 * behind the first are read as one. Every such matrix is equally likely: the signs of the factorisation are taken out.
 *
 * @throws ShapeError for fewer than two axes; OptionError for a misspelled option or a gain that is not positive.
 */
export function orthogonal(key: Tensor, shape: Shape, options: OrthogonalOptions = {}): Tensor {
  checkOptions('orthogonal', options, ['gain', 'dtype']);
  const { gain = 1, dtype = 'float32' } = options;
  checkShape('orthogonal', shape);
  if (shape.length < 2) {
    throw new ShapeError(`orthogonal: two axes or more expected, got ${formatShape(shape)}`);
  }
  if (!(gain > 0 && Number.isFinite(gain))) {
    throw new OptionError(`orthogonal: gain must be a positive number, got ${gain}`);
  }
  const [rows, columns] = [extent(shape, 0), sizeOf(shape.slice(1))];
  const isTall = rows >= columns;
  const drawn = normal(key, isTall ? [rows, columns] : [columns, rows], {
    dtype: isHalf(dtype) ? 'float32' : dtype,
  });
  const { q, r } = qr(drawn);
  // The signs of r are those of the algorithm, not of the draw.
  const scaled = mul(q, where(less(diagonal(r), 0), -gain, gain));
  return cast(reshape(isTall ? scaled : transpose(scaled), shape), dtype);
}
