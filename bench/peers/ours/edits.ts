import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { ridgeEdit } from '../../../lib/edits';
import { cholesky, choleskySolve, factorSpd } from '../../../lib/linalg';
import { add, cast, div, mul, sub } from '../../../lib/ops/elementwise';
import { zeros } from '../../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../../lib/ops/products/matmul';
import { concat } from '../../../lib/ops/shape/concat';
import { eye } from '../../../lib/ops/shape/triangle';
import { split } from '../../../lib/ops/shape/slice';
import { transpose } from '../../../lib/ops/shape/transpose';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { compiled, number } from './contest';

/** A rank-k update: W + A B. */
export async function lowRank(params: Params): Promise<Contest> {
  const [out, inputs, rank] = [params.out, params.in, params.rank].map(number) as [number, number, number];
  const tensors = [
    uniform('w', [out, inputs]),
    uniform('a', [out, rank]),
    uniform('b', [rank, inputs]),
  ] as const;
  await evaluate(tensors);
  return compiled((w: Tensor, a: Tensor, b: Tensor) => add(w, matmul(a, b)), [...tensors], { warmup: 3 });
}

/** The closed-form edit R K^T (lambda C + K K^T)^-1, directly or by a factor of C that is kept. */
export async function ridge(params: Params): Promise<Contest> {
  const [inputs, outputs, edits, lambda] = [params.in, params.out, params.edits, params.lambda].map(
    number,
  ) as [number, number, number, number];
  const dtype = params.dtype === 'f64' ? 'float64' : 'float32';
  const rows = uniform('cov', [4 * inputs, inputs]);
  const c = cast(div(matmul(transpose(rows), rows), 4 * inputs), dtype);
  const keys = cast(transpose(uniform('keys', [inputs, edits])), dtype);
  const values = cast(transpose(uniform('resid', [outputs, edits], 0.1)), dtype);
  const weight = zeros([outputs, inputs], dtype);
  await evaluate([c, keys, values, weight]);
  const prior = params.method === 'woodbury' ? await factorSpd(c) : c;
  const path = params.method === 'woodbury' ? 'woodbury' : 'direct';
  return {
    // The dense change, as the other side gives it.
    run: async () => {
      const { left, right } = await ridgeEdit({ weight, keys, values }, { prior, lambda, path });
      const delta = await evaluate(matmul(left, right));
      left.dispose();
      right.dispose();
      return delta;
    },
  };
}

const HEADS = [
  ...Array<number>(10).fill(320),
  ...Array<number>(10).fill(640),
  ...Array<number>(12).fill(1280),
];

/** The closed-form edit of 32 cross-attention matrices as one low-rank change: W + W (D - E)^T (E M^-1). */
export async function concepts(params: Params): Promise<Contest> {
  const [width, count, lambda] = [params.width, params.concepts, params.lambda].map(number) as [
    number,
    number,
    number,
  ];
  const weights = concat(HEADS.map((out, i) => uniform(`uce.${i}`, [out, width], 0.05)));
  const [erased, target, kept] = ['erase', 'destination', 'keep'].map((name) =>
    uniform(name, [count, width]),
  ) as [Tensor, Tensor, Tensor];
  await evaluate([weights, erased, target, kept]);
  const edit = (w: Tensor, e: Tensor, d: Tensor, k: Tensor): readonly Tensor[] => {
    // Three digits are all that float32 keeps of this system: it is small, so it is solved in float64.
    const c = cast(concat([e, k]), 'float64');
    const factor = cholesky(add(mul(eye(width, { dtype: 'float64' }), lambda), matmul(transpose(c), c)));
    const response = cast(transpose(choleskySolve(factor, cast(transpose(e), 'float64'))), 'float32');
    const edited = add(w, matmul(matmul(w, transpose(sub(d, e))), response));
    return split(edited, HEADS);
  };
  return compiled(edit, [weights, erased, target, kept]);
}
