import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { examplesFirst } from '../../ops/examplesFirst';
import { neg, sub } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { transpose } from '../../ops/shape/transpose';
import { productTB, symmetricPart } from '../matrices';
import { exampleAxisOfSystem } from './system';

/** How a system is solved, transposed or not; the graph merges the factorisations of one matrix. */
export type Solver = (a: Tensor, y: Tensor, transposed: boolean) => Tensor;

/**
 * An op that gives a solution X of `A X = Y` its derivatives: the value is the first input, whatever way it came; A and Y
 * are the others. The derivative solves with the same matrix again, and never goes through a factorisation.
 */
export function defineSolution(
  name: string,
  solver: Solver,
  { symmetric }: { readonly symmetric: boolean },
): (x: Tensor, a: Tensor, y: Tensor, transposed: boolean) => Tensor {
  const part = symmetric ? symmetricPart : (m: Tensor): Tensor => m;
  const op = defineOp<{ transposed: boolean }>(name, {
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    lower: 'alias',
    flops: () => 0,
    // A X = Y: dY = A^-T G, dA = -dY X^T.
    vjp: ([g], [, a], [x], { transposed }, [, wantA]) => {
      const dy = solver(a, g, !transposed);
      const da = (): Tensor => neg(part(transposed ? productTB(x, dy) : productTB(dy, x)));
      return [null, wantA ? da() : null, dy];
    },
    // dX = A^-1 (dY - dA X)
    jvp: ([, da, dy], [, a], [x], { transposed }) => {
      const change = da && matmul(transposed ? transpose(part(da)) : part(da), x);
      const right = change ? (dy ? sub(dy, change) : neg(change)) : dy;
      return [right && solver(a, right, transposed)];
    },
    example: {
      axis: exampleAxisOfSystem(1),
      site: ({
        which,
        inputs: [, a],
        outputs: [x],
        cotangents: [g],
        outputAxis,
        attributes: { transposed },
      }) => {
        const dy = examplesFirst(solver(a, g, !transposed), outputAxis);
        if (which !== 1) return { kind: 'dense', values: dy };
        const each = examplesFirst(x, outputAxis);
        return { kind: 'dense', values: neg(part(transposed ? productTB(each, dy) : productTB(dy, each))) };
      },
    },
  });
  return (x, a, y, transposed) => single(op([x, a, y], { transposed }));
}
