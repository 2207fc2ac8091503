import type { FloatDType } from '../../../lib/graph/dtype';
import { tensor } from '../../../lib/graph/create';
import type { Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { attention } from '../../../lib/ops/attention';
import {
  add,
  cast,
  div,
  gelu,
  less,
  maximum,
  mul,
  neg,
  relu,
  sigmoid,
  sub,
  tanh,
  where,
  zerosLike,
} from '../../../lib/ops/elementwise';
import { embedding } from '../../../lib/ops/indexing';
import { softmaxCrossEntropy } from '../../../lib/ops/losses';
import { conv2d } from '../../../lib/ops/networks/conv2d';
import { groupNorm, layerNorm } from '../../../lib/ops/norms';
import { linear, matmul } from '../../../lib/ops/products/matmul';
import { mean, sum } from '../../../lib/ops/reduce';
import { concat } from '../../../lib/ops/shape/concat';
import { flatten, reshape } from '../../../lib/ops/shape/reshape';
import { slice } from '../../../lib/ops/shape/slice';
import { transpose } from '../../../lib/ops/shape/transpose';
import type { Batched, Losses } from '../../support/exampleLoop';
import { directions, sequence } from '../../support/sequence';
import { tensorOf } from '../../support/tensors';

// Networks in which a gradient per example is easily got wrong: parameters used several times and in several ways, steps
// that do not count, weights made of other weights. Small, for a loop over single examples stands beside them.

const COUNT = 4;

export interface Animal {
  readonly name: string;
  /** The network in one dtype, with parameters and a batch. */
  readonly of: (dtype: FloatDType) => Batched;
}

/** Draws parameters of these shapes, within 0.6 of 0. */
const drawn = (shapes: readonly Shape[], dtype: FloatDType): Tensor[] =>
  shapes.map((shape, i) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return tensorOf(
      directions(size, sequence(11 + i)).map((x) => 0.6 * x),
      shape,
      dtype,
    );
  });

const labels = (...values: readonly number[]): Tensor => tensor(Int32Array.from(values));

const animal = (
  name: string,
  shapes: readonly Shape[],
  batch: readonly Tensor[] | Shape,
  losses: Losses,
): Animal => ({
  name,
  of: (dtype) => {
    const isShape = batch.every((item) => typeof item === 'number');
    const examples = isShape
      ? [...drawn([[COUNT, ...batch]], dtype), labels(0, 2, 1, 1)]
      : (batch as Tensor[]);
    return { losses, params: drawn(shapes, dtype), batch: examples };
  },
});

const WIDTH = 6;
const VOCABULARY = 7;
const STEPS = 5;
const TOKENS = tensor(Int32Array.of(1, 4, 4, 0, 6, 2, 2, 0, 0, 0, 5, 6, 1, 3, 3, 0, 1, 2, 0, 0), {
  shape: [COUNT, STEPS],
});
const LENGTHS = tensor(Int32Array.of(5, 2, 5, 3), { shape: [COUNT, 1] });

/** Two heads, pre-norm, with the table of embeddings as output weight; what lies behind a sequence's end does not count. */
const transformer: Losses = (p, tokens, lengths) => {
  const [table, position, gain, bias, qkv, proj, fc, out] = p as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const n = tokens.shape[0]!;
  const steps = tensor(
    Int32Array.from({ length: STEPS }, (_, t) => t),
    { shape: [1, STEPS] },
  );
  const counted = less(steps, lengths);
  let x = add(embedding(table, tokens), position);
  const h = linear(layerNorm(x, gain, bias), qkv);
  const head = (which: number): Tensor => {
    const part = slice(h, { starts: [0, 0, which * WIDTH], stops: [n, STEPS, (which + 1) * WIDTH] });
    return transpose(reshape(part, [n, STEPS, 2, WIDTH / 2]), [0, 2, 1, 3]);
  };
  const mask = reshape(counted, [n, 1, 1, STEPS]);
  const mixed = attention(head(0), head(1), head(2), { causal: true, mask });
  x = add(x, linear(reshape(transpose(mixed, [0, 2, 1, 3]), [n, STEPS, WIDTH]), proj));
  x = add(x, linear(gelu(linear(layerNorm(x, gain, bias), fc)), out));
  const logits = matmul(x, transpose(table));
  const next = concat([slice(tokens, { starts: [0, 1] }), slice(tokens, { stops: [n, 1] })], { axis: 1 });
  const each = softmaxCrossEntropy(logits, next);
  return sum(where(counted, each, zerosLike(each)), { axis: 1 });
};

/** One cell over five steps: its weights are used at every one of them. */
const recurrent: Losses = (p, x, y) => {
  const [reset, update, candidate, output] = p as [Tensor, Tensor, Tensor, Tensor];
  const n = x.shape[0]!;
  let h: Tensor = mul(slice(x, { stops: [n, 1] }), 0);
  h = reshape(h, [n, 3]);
  for (let t = 0; t < STEPS; t++) {
    const entered = reshape(slice(x, { starts: [0, t], stops: [n, t + 1] }), [n, 3]);
    const both = concat([entered, h], { axis: 1 });
    const [r, z] = [sigmoid(linear(both, reset)), sigmoid(linear(both, update))];
    const fresh = tanh(linear(concat([entered, mul(r, h)], { axis: 1 }), candidate));
    h = add(mul(z, h), mul(add(neg(z), 1), fresh));
  }
  return softmaxCrossEntropy(linear(h, output), y);
};

const adapter: Losses = (p, x, y) => {
  const [w, a, b, scale] = p as [Tensor, Tensor, Tensor, Tensor];
  const adapted = add(w, mul(matmul(a, b), 0.5));
  const h = mul(tanh(linear(x, adapted)), scale);
  // The adapter is applied again, after the nonlinearity, to what is left of the sequence.
  return softmaxCrossEntropy(mean(linear(h, slice(adapted, { stops: [3] })), { axis: 1 }), y);
};

const convolutions: Losses = (p, x, y) => {
  const [w, depth, gain, bias, out] = p as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const first = relu(groupNorm(conv2d(x, w, { padding: 1 }), gain, bias, { groups: 2 }));
  const again = relu(conv2d(first, w, { padding: 1, dilation: 1 }));
  const deep = conv2d(again, depth, { padding: 1, groups: 4 });
  return softmaxCrossEntropy(linear(flatten(mean(deep, { axis: [2, 3] }), 1), out), y);
};

const masked: Losses = (p, x) => {
  const [w, b, v] = p as [Tensor, Tensor, Tensor];
  const h = tanh(linear(x, w, b));
  const isCounted = less(sum(x, { axis: -1, keepDims: true }), 0.3);
  const weight = cast(isCounted, h.dtype);
  const errors = mul(sub(linear(h, v), 0.2), weight);
  // A mean over what counts only, which may be nothing.
  return div(sum(mul(errors, errors), { axis: [1, 2] }), maximum(sum(weight, { axis: [1, 2] }), 1));
};

export const zoo: readonly Animal[] = [
  animal(
    'a transformer block with tied embeddings, norms used twice and padding',
    [
      [VOCABULARY, WIDTH],
      [STEPS, WIDTH],
      [WIDTH],
      [WIDTH],
      [3 * WIDTH, WIDTH],
      [WIDTH, WIDTH],
      [8, WIDTH],
      [WIDTH, 8],
    ],
    [TOKENS, LENGTHS],
    transformer,
  ),
  animal(
    'a gated recurrent cell over five steps',
    [
      [3, 6],
      [3, 6],
      [3, 6],
      [3, 3],
    ],
    [STEPS, 3],
    recurrent,
  ),
  animal('a low-rank adapter of a weight used twice', [[4, 4], [4, 2], [2, 4], [4]], [STEPS, 4], adapter),
  animal(
    'one convolution used twice, a depthwise one, and group norm',
    [[4, 4, 3, 3], [4, 1, 3, 3], [4], [4], [3, 4]],
    [4, 5, 5],
    convolutions,
  ),
  animal('losses of the steps that count', [[5, 3], [5], [2, 5]], [STEPS, 3], masked),
];
