import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { isFloat, type DType } from '../../graph/dtype';
import { normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, ones } from '../elementwise/arithmetic';
import { expandDims } from '../shape/reshape';
import { asIndices } from '../indices';
import { takeAlongGrad } from './takeAlong';

export interface OneHotOptions {
  /** Where the new axis of the classes stands in the result. Default -1, the last. */
  readonly axis?: number;
  /** Default float32. */
  readonly dtype?: DType;
}

const ONE_HOT_OPTIONS: Kinds<OneHotOptions> = { axis: 'number', dtype: 'dtype' };

/**
 * 1 at the label and 0 elsewhere: `y[..., c] = [labels[...] = c]` for int32 labels [...] and `classes` classes. Reading it
 * raises ERR_INDEX for a label outside [0, classes).
 *
 * @throws DTypeError unless the labels are int32; ShapeError for an axis that is not there.
 */
export function oneHot(given: Tensor, classes: number, options: OneHotOptions = {}): Tensor {
  checkTensors('oneHot', { given });
  checkKinds('oneHot', options, ONE_HOT_OPTIONS);
  const { axis = -1, dtype = 'float32' } = options;
  const labels = asIndices('oneHot', given, classes, 'labels');
  const at = normalizeAxis('oneHot', axis, labels.shape.length + 1);
  const indices = expandDims(labels, at);
  // A one scattered to the place of the label: the kernel checks the labels.
  const marks = ones(indices.shape, isFloat(dtype) ? dtype : 'float32');
  return cast(takeAlongGrad(marks, indices, classes, { axis: at }), dtype);
}
