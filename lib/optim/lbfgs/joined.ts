import type { Tensor } from '../../graph/tensor';
import { tensorsOf, withTensors } from '../../graph/tree';
import { cast } from '../../ops/elementwise/arithmetic';
import { concat } from '../../ops/shape/concat';
import { reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';

/** All numbers of a tree of floats as one vector: float64 where one of them is, float32 otherwise. */
export function joined(tree: unknown): Tensor {
  const tensors = tensorsOf(tree);
  const dtype = tensors.some((x) => x.dtype === 'float64') ? 'float64' : 'float32';
  return concat(tensors.map((x) => cast(reshape(x, [x.size]), dtype)));
}

/** The way back, into the shapes and dtypes of `like`. */
export function parted<P>(vector: Tensor, like: P): P {
  let begin = 0;
  return withTensors(
    like,
    tensorsOf(like).map(({ shape, dtype, size }) => {
      const part = slice(vector, { starts: [begin], stops: [begin + size] });
      begin += size;
      return cast(reshape(part, shape), dtype);
    }),
  );
}
