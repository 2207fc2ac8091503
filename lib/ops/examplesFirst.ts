import type { ExampleAxis } from '../graph/exampleAxis';
import type { Tensor } from '../graph/tensor';
import { reshape } from './shape/reshape';
import { transpose } from './shape/transpose';

/**
 * The tensor as [examples, ...the shape of one example], where the axis of the examples stays with the extent of what a
 * reshape merged into it: 1 when nothing did.
 */
export function examplesFirst(x: Tensor, { axis, outer, count, inner }: ExampleAxis): Tensor {
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const split = reshape(x, [...before, outer, count, inner, ...after]);
  const examples = before.length + 1;
  const rest = [...split.shape.keys()].filter((position) => position !== examples);
  return reshape(transpose(split, [examples, ...rest]), [count, ...before, outer * inner, ...after]);
}
