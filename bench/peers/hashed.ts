import { tensor } from '../../lib/graph/create';
import { sizeOf, type Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { integerNumbers, uniformNumbers } from './words';

/** A tensor of float32 numbers of [-scale, scale) that are functions of its name. */
export const uniform = (name: string, shape: Shape, scale = 1): Tensor =>
  tensor(uniformNumbers(name, sizeOf(shape), scale), { shape });

/** A tensor of int32 numbers of [0, high) that are functions of its name. */
export const integers = (name: string, shape: Shape, high: number): Tensor =>
  tensor(integerNumbers(name, sizeOf(shape), high), { shape });
