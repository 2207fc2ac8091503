import { tensor } from '../../lib/graph/create';
import { allocate, type AnyTypedArray, type DType } from '../../lib/graph/dtype';
import { evaluate } from '../../lib/graph/evaluate';
import { sizeOf, type Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import type { NdArray } from './array';

/** A tensor of the given dtype with these elements. */
export function tensorOf(values: ArrayLike<number>, shape: Shape, dtype: DType): Tensor {
  if (dtype === 'int64') {
    return tensor(BigInt64Array.from(Array.from(values), BigInt), { shape });
  }
  const elements: { set(values: ArrayLike<number>): void } & AnyTypedArray = allocate(dtype, sizeOf(shape));
  elements.set(values);
  return tensor(elements, { shape, dtype });
}

/** The elements of a tensor as float64. */
export async function arrayOf(x: Tensor): Promise<NdArray> {
  return { shape: x.shape, data: Float64Array.from(await x.data<DType>(), Number) };
}

/** The elements of several tensors, computed in one program. */
export async function arraysOf(tensors: readonly Tensor[]): Promise<NdArray[]> {
  await evaluate(tensors);
  return Promise.all(tensors.map(arrayOf));
}

/** The elements of several tensors end to end. */
export const joined = (arrays: readonly NdArray[]): number[] => arrays.flatMap((array) => [...array.data]);
