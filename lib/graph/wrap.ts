import { markAsUntransferable } from 'node:worker_threads';

import { DTypeError, PalimpsestError, ShapeError } from '../errors';
import { native } from '../native';
import { checkTensorOptions, storedDType, type TensorOptions } from './create';
import { dtypeOfArray, isHalf, type StoredArray } from './dtype';
import { checkShape, formatShape, sizeOf } from './shape';
import { Storage, Tensor } from './tensor';

/**
 * A tensor in the memory of a typed array, over an ArrayBuffer or a SharedArrayBuffer: nothing is copied, and the memory stays
 * alive as long as the tensor and what is computed from it. It must not be written meanwhile: lazy results would be those of
 * other numbers, and one run might see both. `tensor` makes a copy that nobody else can write.
 *
 * An ArrayBuffer can no longer be transferred to another thread from then on; `transfer()` detaches it all the same, and is
 * an error when the tensor is used next. Float32Arrays stay float32; a Uint16Array needs the dtype of its bits.
 *
 * @example
 * const pixels = wrap(new Float32Array(new SharedArrayBuffer(4 * 784)), { shape: [28, 28] });
 * @throws DTypeError, ShapeError and ERR_VALUE as `tensor` does; PalimpsestError ERR_BUFFER for an ArrayBuffer that is
 *   detached or can be resized, and for a view that follows the length of a growing SharedArrayBuffer.
 */
export function wrap(values: StoredArray, options: TensorOptions = {}): Tensor {
  checkTensorOptions('wrap', options);
  if (!ArrayBuffer.isView(values)) throw new DTypeError(`wrap: a typed array expected, got ${typeof values}`);
  const dtype = storedDType('wrap', values, options.dtype);
  if (isHalf(dtype) && dtypeOfArray(values) === 'float32') {
    throw new DTypeError(`wrap: the array holds float32, the option says ${dtype}; tensor rounds a copy`);
  }
  const shape = options.shape ?? [values.length];
  checkShape('wrap', shape);
  if (sizeOf(shape) !== values.length) {
    throw new ShapeError(
      `wrap: shape ${formatShape(shape)} needs ${sizeOf(shape)} elements, got ${values.length}`,
    );
  }
  const memory: ArrayBufferLike & { readonly resizable?: boolean; readonly growable?: boolean } =
    values.buffer;
  if (memory.resizable === true || memory.growable === true) {
    throw new PalimpsestError(
      'ERR_BUFFER',
      'wrap: the memory can be resized, and its views with it; tensor makes a copy',
    );
  }
  const handle = native.borrowBuffer(values);
  if (memory instanceof ArrayBuffer) markAsUntransferable(memory);
  return new Tensor({ shape, dtype }, { storage: new Storage(handle) });
}
