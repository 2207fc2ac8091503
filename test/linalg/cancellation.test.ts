import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { cholesky, eigh, qr } from '../../lib/linalg';
import { add } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { transpose } from '../../lib/ops/shape/transpose';
import { eye } from '../../lib/ops/shape/triangle';
import { key, normal } from '../../lib/random';
import { code } from '../support/errors';

/** Enough work that none of it can be done when the abort comes, a turn of the event loop after the start. */
const BATCH = 40;

test.each([
  ['small matrices', 150],
  ['large matrices', 400],
])('a batch of %s is cancelled between them', async (_size, n) => {
  const x = normal(key(1), [BATCH, n, n], { dtype: 'float64' });
  const definite = await evaluate(add(matmul(x, transpose(x)), eye(n, { dtype: 'float64' })));
  const eigenvectors = (a: Tensor): Tensor => eigh(a).vectors;
  const upper = (a: Tensor): Tensor => qr(a).r;
  for (const f of [cholesky, eigenvectors, upper]) {
    const controller = new AbortController();
    const result = f(add(definite, definite));
    const run = evaluate(result, { signal: controller.signal });
    setImmediate(() => {
      controller.abort();
    });
    await expect(run).rejects.toEqual(code('ERR_ABORTED'));
    expect(result.evaluated).toBe(false);
  }
  // What was cancelled can be computed all the same.
  expect((await cholesky(definite).data()).length).toBe(BATCH * n * n);
});
