import { compile } from '../../../lib/graph/compile';
import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { cholesky, choleskySolve } from '../../../lib/linalg';
import { add, cast, div, equal, mul, sqrt, sub } from '../../../lib/ops/elementwise';
import { zeros } from '../../../lib/ops/elementwise/arithmetic';
import { embedding } from '../../../lib/ops/indexing/embedding';
import { binaryCrossEntropyWithLogits } from '../../../lib/ops/losses';
import { matmul } from '../../../lib/ops/products/matmul';
import { mean } from '../../../lib/ops/reduce/reduce';
import { sum } from '../../../lib/ops/reduce/sum';
import { reshape } from '../../../lib/ops/shape/reshape';
import { slice } from '../../../lib/ops/shape/slice';
import { eye } from '../../../lib/ops/shape/triangle';
import { transpose } from '../../../lib/ops/shape/transpose';
import { lbfgs } from '../../../lib/optim';
import type { Contest, Params } from '../contest';
import { integers, uniform } from '../hashed';
import { compiled, number } from './contest';
import { concepts } from './edits';

/** Correlated, well-conditioned features [rows, width], and concepts [rows, classes] that shift their means. */
async function features(params: Params): Promise<{ readonly x: Tensor; readonly z: Tensor }> {
  const [rows, width, classes] = [params.rows, params.width, params.classes].map(number) as [
    number,
    number,
    number,
  ];
  const labels = integers('concept', [rows], classes);
  const noise = uniform('features', [rows, width]);
  const mix = uniform('mix', [width, width], 0.25 * Math.sqrt(3 / width));
  const shifts = uniform('class-means', [classes, width], 0.5);
  const x = add(add(noise, matmul(noise, mix)), embedding(shifts, labels));
  return evaluate({ x, z: embedding(eye(classes), labels) });
}

/** P = left right, [width, k] and [k, width]. */
interface Eraser {
  readonly left: Tensor;
  readonly right: Tensor;
}

/**
 * LEACE's projection (Belrose et al. 2023), `P = W^+ U U^T W` with W = Sxx^(-1/2) and U an orthonormal basis of W Sxz, is
 * `Sxz (Sxz^T Sxx^-1 Sxz)^-1 Sxz^T Sxx^-1`: no root of Sxx is needed, one solution is. Centring is a correction of rank one.
 */
function eraser(x: Tensor, z: Tensor): Eraser {
  const rows = x.shape[0] ?? 0;
  // One-hot columns add up to one: the last is none of its own.
  const concept = slice(z, { stops: [rows, (z.shape[1] ?? 0) - 1] });
  const [mx, mz] = [mean(x, { axis: 0, keepDims: true }), mean(concept, { axis: 0, keepDims: true })];
  const moment = (a: Tensor, b: Tensor, ma: Tensor, mb: Tensor): Tensor =>
    cast(sub(div(matmul(transpose(a), b), rows), matmul(transpose(ma), mb)), 'float64');
  const sxx = moment(x, x, mx, mx);
  const sxz = moment(x, concept, mx, mz);
  const whitened = choleskySolve(cholesky(sxx), sxz);
  const inner = matmul(transpose(sxz), whitened);
  const right = choleskySolve(cholesky(inner), transpose(whitened));
  return { left: cast(sxz, 'float32'), right: cast(right, 'float32') };
}

const dense = ({ left, right }: Eraser): Tensor => matmul(left, right);

async function fit(params: Params): Promise<Contest> {
  const { x, z } = await features(params);
  return compiled(eraser, [x, z], { result: (value) => [dense(value as Eraser)] });
}

async function apply(params: Params): Promise<Contest> {
  const { x, z } = await features(params);
  const { left, right } = await evaluate(eraser(x, z));
  const middle = await evaluate(mean(x, { axis: 0, keepDims: true }));
  const erase = (rows: Tensor, m: Tensor, l: Tensor, r: Tensor): Tensor =>
    sub(rows, matmul(matmul(sub(rows, m), transpose(r)), transpose(l)));
  return compiled(erase, [x, middle, left, right], { warmup: 2 });
}

/** A logistic classifier of the concept, and the projection that takes its direction away. */
async function inlp(params: Params): Promise<Contest> {
  const { x, z } = await features(params);
  const [rows, width] = [number(params.rows), number(params.width)];
  const labels = await evaluate(cast(equal(reshape(slice(z, { stops: [rows, 1] }), [rows]), 1), 'float32'));
  const loss = ({ w, b }: { readonly w: Tensor; readonly b: Tensor }): Tensor => {
    const logits = add(reshape(matmul(x, reshape(w, [width, 1])), [rows]), b);
    const error = mean(binaryCrossEntropyWithLogits(logits, labels));
    return add(error, mul(sum(mul(w, w)), 0.5 / rows));
  };
  const start = await evaluate({ w: zeros([width]), b: zeros([]) });
  const projection = compile((w: Tensor) => {
    const unit = reshape(div(w, sqrt(sum(mul(w, w)))), [width, 1]);
    return sub(eye(width), matmul(unit, transpose(unit)));
  });
  return {
    run: async () => {
      // As scikit-learn's solver stops.
      const { params: found } = await lbfgs(loss, start, { maxSteps: 100, tolerance: 1e-4 });
      const result = await projection(found.w);
      found.w.dispose();
      found.b.dispose();
      return result;
    },
  };
}

const JOBS: Readonly<Record<string, (params: Params) => Promise<Contest>>> = {
  fit,
  apply,
  inlp,
  uce: concepts,
};

export async function erasure(params: Params): Promise<Contest> {
  const prepare = JOBS[String(params.what)];
  if (!prepare)
    throw new Error(`no erasure '${String(params.what)}'; there are ${Object.keys(JOBS).join(', ')}`);
  return prepare(params);
}
