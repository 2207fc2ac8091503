import type { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { attention } from '../../../lib/ops/attention';
import { add, gelu } from '../../../lib/ops/elementwise';
import { layerNorm } from '../../../lib/ops/norms';
import { linear } from '../../../lib/ops/products/matmul';
import { reshape } from '../../../lib/ops/shape/reshape';
import { slice } from '../../../lib/ops/shape/slice';
import { transpose } from '../../../lib/ops/shape/transpose';
import type { Network } from './workload';

/** The linear layer of that name. */
export const linearOf = (p: Parameters, name: string, x: Tensor): Tensor =>
  linear(x, p.get(`${name}.weight`), p.get(`${name}.bias`));

export const layerNormOf = (p: Parameters, name: string, x: Tensor): Tensor =>
  layerNorm(x, p.get(`${name}.weight`), p.get(`${name}.bias`));

const affine = (name: string, out: number, inputs?: number): Network['shapes'] => [
  [`${name}.weight`, inputs === undefined ? [out] : [out, inputs]],
  [`${name}.bias`, [out]],
];

export { affine as affineShapes };

export const blockShapes = (name: string, width: number): Network['shapes'] => [
  ...affine(`${name}.ln1`, width),
  ...affine(`${name}.ln2`, width),
  ...affine(`${name}.attn.qkv`, 3 * width, width),
  ...affine(`${name}.attn.proj`, width, width),
  ...affine(`${name}.fc`, 4 * width, width),
  ...affine(`${name}.out`, width, 4 * width),
];

function attended(p: Parameters, name: string, x: Tensor, heads: number, causal: boolean): Tensor {
  const [n = 0, t = 0, width = 0] = x.shape;
  const qkv = linearOf(p, `${name}.qkv`, x);
  const head = (which: number): Tensor => {
    const part = slice(qkv, { starts: [0, 0, which * width], stops: [n, t, (which + 1) * width] });
    return transpose(reshape(part, [n, t, heads, width / heads]), [0, 2, 1, 3]);
  };
  const mixed = attention(head(0), head(1), head(2), { causal });
  return linearOf(p, `${name}.proj`, reshape(transpose(mixed, [0, 2, 1, 3]), [n, t, width]));
}

/** A pre-norm transformer block with one linear layer for queries, keys and values. */
export function block(p: Parameters, name: string, x: Tensor, heads: number, causal: boolean): Tensor {
  const y = add(x, attended(p, `${name}.attn`, layerNormOf(p, `${name}.ln1`, x), heads, causal));
  const hidden = gelu(linearOf(p, `${name}.fc`, layerNormOf(p, `${name}.ln2`, y)), { approximate: 'tanh' });
  return add(y, linearOf(p, `${name}.out`, hidden));
}
