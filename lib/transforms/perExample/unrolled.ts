import { several, type Site } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Node, Tensor } from '../../graph/tensor';
import { zerosLike } from '../../ops/elementwise/arithmetic';
import { concat } from '../../ops/shape/concat';
import { reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { reverse } from '../pullback';

/**
 * The way back through an op that keeps no structure: its reverse rule for one example at a time. Slow and right; ops
 * that are met often have a rule of their own.
 */
export function unrolled(node: Node, output: number, which: number, values: Tensor): Site {
  const wanted = node.inputs.map((_, i) => i === which);
  const rows = Array.from({ length: extent(values.shape, 0) }, (_, n) => {
    const one = reshape(slice(values, { starts: [n], stops: [n + 1] }), values.shape.slice(1));
    const cotangents = node.outputs.map((other, o) => (o === output ? one : zerosLike(other)));
    const input = several(node.inputs)[which] as Tensor;
    return reshape(reverse(node, cotangents, wanted)[which] ?? zerosLike(input), [1, ...input.shape]);
  });
  return { kind: 'dense', values: concat(rows, { axis: 0 }) };
}
