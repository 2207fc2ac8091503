import { DTypeError, ShapeError, unexpected } from '../../errors';
import { isFloat } from '../../graph/dtype';
import { checkTensors } from '../../graph/call';
import { formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, sub } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { transpose } from '../../ops/shape/transpose';

/** What a linear map `y = W x` shall answer: value `values[i]` [out] for the key `keys[i]` [in]. */
export interface KeyValues {
  /** [out, in]. A weight stored the other way round is transposed before and after. */
  readonly weight: Tensor;
  /** [n, in]. */
  readonly keys: Tensor;
  /** [n, out]. */
  readonly values: Tensor;
}

/** What a closed-form edit is computed in. */
export type Precision = 'float32' | 'float64';

/** @throws ShapeError or DTypeError unless keys and values fit the weight. */
export function checkKeyValues(where: string, pairs: KeyValues): void {
  const given: unknown = pairs;
  if (typeof given !== 'object' || given === null) {
    throw unexpected(where, '{ weight, keys, values }', given);
  }
  const { weight, keys, values } = pairs;
  checkTensors(where, { weight, keys, values });
  for (const [what, { dtype, shape }] of Object.entries({ weight, keys, values })) {
    if (!isFloat(dtype)) throw new DTypeError(`${where}: ${what} of floats expected, got ${dtype}`);
    if (shape.length !== 2) {
      throw new ShapeError(`${where}: ${what} with two axes expected, got ${formatShape(shape)}`);
    }
  }
  const [out, width] = weight.shape;
  if (keys.shape[1] !== width || values.shape[1] !== out || keys.shape[0] !== values.shape[0]) {
    throw new ShapeError(
      `${where}: keys [n, ${width}] and values [n, ${out}] expected, got ${formatShape(keys.shape)} and ` +
        formatShape(values.shape),
    );
  }
}

/** `V - K W^T`, [n, out]: by how much each value is missed; float64 unless another dtype is asked for. */
export function residuals({ weight, keys, values }: KeyValues, dtype: Precision = 'float64'): Tensor {
  const [w, k, v] = [weight, keys, values].map((x) => cast(x, dtype)) as [Tensor, Tensor, Tensor];
  return sub(v, matmul(k, transpose(w)));
}
