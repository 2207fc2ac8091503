import { DTypeError } from '../../errors';
import { isFloat, type DType } from '../../graph/dtype';
import type { Tensor } from '../../graph/tensor';
import { cast, ones } from '../elementwise/arithmetic';
import { expandDims } from '../shape/reshape';
import { takeAlongGrad } from './takeAlong';

/**
 * 1 at the label and 0 elsewhere: `y[..., c] = [labels[...] = c]` for int32 labels [...] and `classes` classes. float32
 * unless told otherwise. Reading it raises ERR_INDEX for a label outside [0, classes).
 *
 * @throws DTypeError unless the labels are int32.
 */
export function oneHot(labels: Tensor, classes: number, dtype: DType = 'float32'): Tensor {
  if (labels.dtype !== 'int32') throw new DTypeError(`oneHot: int32 labels expected, got ${labels.dtype}`);
  const indices = expandDims(labels, -1);
  // A one scattered to the place of the label: the kernel checks the labels.
  const marks = takeAlongGrad(ones(indices.shape, isFloat(dtype) ? dtype : 'float32'), indices, classes);
  return cast(marks, dtype);
}
