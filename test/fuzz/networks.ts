import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { attention } from '../../lib/ops/attention';
import {
  add,
  gelu,
  greater,
  mul,
  sigmoid,
  square,
  sub,
  tanh,
  where,
  zerosLike,
} from '../../lib/ops/elementwise';
import { embedding } from '../../lib/ops/indexing/embedding';
import { softmaxCrossEntropy } from '../../lib/ops/losses';
import { conv1d } from '../../lib/ops/networks/conv1d';
import { softmax } from '../../lib/ops/networks/softmax';
import { groupNorm } from '../../lib/ops/norms/groupNorm';
import { layerNorm } from '../../lib/ops/norms/layerNorm';
import { rmsNorm } from '../../lib/ops/norms/rmsNorm';
import { linear, matmul } from '../../lib/ops/products/matmul';
import { mean } from '../../lib/ops/reduce/reduce';
import { broadcastTo, sum } from '../../lib/ops/reduce/sum';
import { cumsum } from '../../lib/ops/scan/cumsum';
import { concat, stack } from '../../lib/ops/shape/concat';
import { flip } from '../../lib/ops/shape/flip';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { transpose } from '../../lib/ops/shape/transpose';
import type { Batched } from '../support/exampleLoop';
import { tensorOf } from '../support/tensors';
import { Random } from './random';

// Random functions of a batch and of parameters that are shared, tied, turned and made of each other: what gradients per
// example have to be right for.

/** Examples, steps, width. */
const [N, T, D] = [3, 4, 4];
const MOST_LAYERS = 6;
const MATRICES = 3;
const VECTORS = 3;

type Expression = (params: readonly Tensor[]) => Tensor;
type Layer = (h: Tensor, params: readonly Tensor[], batch: readonly Tensor[]) => Tensor;

export interface Network extends Batched {
  /** What it is made of, one line per layer. */
  readonly text: string;
}

/** The network of a seed, with one layer more in front if need be; with fewer layers its beginning. */
export function networkOf(seed: number, layers = MOST_LAYERS, front: Layer = (h) => h): Network {
  const random = new Random(seed);
  const drawn = (...shape: number[]): Tensor =>
    tensorOf(
      random.numbers(
        shape.reduce((a, b) => a * b, 1),
        -0.7,
        0.7,
      ),
      shape,
      'float64',
    );
  const params = [
    ...Array.from({ length: MATRICES }, () => drawn(D, D)),
    ...Array.from({ length: VECTORS }, () => drawn(D)),
    drawn(D, D, 3),
    drawn(6, D),
  ];
  const integers = (count: number, below: number): Int32Array =>
    Int32Array.from({ length: count }, () => random.below(below));
  const batch = [
    drawn(N, T, D),
    tensor(integers(N * T, 6), { shape: [N, T] }),
    tensor(integers(N, D), { shape: [N] }),
  ];
  const names: string[] = [];
  const writer = new Writer(random, names);
  const wanted = 1 + random.below(MOST_LAYERS);
  const made = Array.from({ length: Math.min(layers, wanted) }, () => writer.layer());
  const loss = writer.loss(new Random(seed + 1));
  return {
    losses: (theta, ...examples) => {
      const start = front(examples[0]!, theta, examples);
      return loss(
        made.reduce((h, layer) => layer(h, theta, examples), start),
        examples,
      );
    },
    params,
    batch,
    text: [`network ${seed}`, ...names.map((name) => `  ${name}`)].join('\n'),
  };
}

class Writer {
  constructor(
    readonly random: Random,
    readonly names: string[],
  ) {}

  layer(): Layer {
    const [name, make] = this.random.pick(LAYERS);
    const place = this.names.push(name) - 1;
    const layer = make(this);
    // Every third on what another axis order, or fewer axes, make of the same numbers.
    const view = this.random.pick(['', '', '', '', 'merged', 'turned'] as const);
    if (view === '' || !POINTWISE.has(name)) return layer;
    this.names[place] = `${this.names[place]}, ${view}`;
    return view === 'merged'
      ? (h, ...rest) => reshape(layer(reshape(h, [h.shape[0]! * T, D]), ...rest), h.shape)
      : (h, ...rest) => transpose(layer(transpose(h, [1, 0, 2]), ...rest), [1, 0, 2]);
  }

  /** A matrix [D, D] made of parameters. */
  matrix(depth = 0): Expression {
    const which = this.random.below(MATRICES);
    const kind =
      depth === 2
        ? 'own'
        : this.random.pick([
            'own',
            'own',
            'turned',
            'scaled',
            'sum',
            'product',
            'rows',
            'masked',
            'outer',
          ] as const);
    this.note(kind === 'own' ? `w${which}` : kind);
    const own: Expression = (params) => params[which]!;
    if (kind === 'own') return own;
    const inner = this.matrix(depth + 1);
    switch (kind) {
      case 'turned':
        return (params) => transpose(inner(params));
      case 'scaled':
        return (params) => mul(inner(params), 0.5);
      case 'sum':
        return (params) => add(inner(params), own(params));
      case 'product':
        return (params) =>
          matmul(slice(own(params), { stops: [D, 2] }), slice(inner(params), { stops: [2] }));
      case 'rows':
        return (params) =>
          concat([slice(inner(params), { starts: [2] }), slice(own(params), { stops: [2] })]);
      case 'masked':
        return (params) => {
          const w = inner(params);
          return where(CHECKERS, w, zerosLike(w));
        };
      case 'outer': {
        const vector = this.vector();
        return (params) =>
          add(inner(params), matmul(reshape(vector(params), [D, 1]), reshape(vector(params), [1, D])));
      }
    }
  }

  /** A vector [D] made of parameters. */
  vector(): Expression {
    const which = MATRICES + this.random.below(VECTORS);
    const kind = this.random.pick(['own', 'own', 'flipped', 'row', 'column', 'squared'] as const);
    this.note(`${kind} v${which - MATRICES}`);
    switch (kind) {
      case 'own':
        return (params) => params[which]!;
      case 'flipped':
        return (params) => flip(params[which]!, { axis: 0 });
      case 'row':
        return (params) => reshape(slice(params[0]!, { starts: [1], stops: [2] }), [D]);
      case 'column':
        return (params) => reshape(slice(params[1]!, { starts: [0, 2], stops: [D, 3] }), [D]);
      case 'squared':
        return (params) => square(params[which]!);
    }
  }

  note(text: string): void {
    this.names[this.names.length - 1] += ` ${text}`;
  }

  loss(random: Random): (h: Tensor, batch: readonly Tensor[]) => Tensor {
    const kind = random.pick(['squares', 'classes', 'steps'] as const);
    this.names.push(`loss: ${kind}`);
    if (kind === 'squares') return (h) => mean(square(h), { axis: [1, 2] });
    if (kind === 'classes') return (h, batch) => softmaxCrossEntropy(mean(h, { axis: 1 }), batch[2]!);
    return (h) =>
      sum(
        softmaxCrossEntropy(h, tensor(new Int32Array(h.shape[0]! * T).fill(1), { shape: [h.shape[0]!, T] })),
        { axis: 1 },
      );
  }
}

const CHECKERS = tensor(
  Uint8Array.from({ length: D * D }, (_, i) => (i + Math.floor(i / D)) % 2),
  {
    shape: [D, D],
    dtype: 'bool',
  },
);

/** What may be done to any axes in front of the last. */
const POINTWISE: ReadonlySet<string> = new Set([
  'linear',
  'matmul',
  'bias',
  'gain',
  'layerNorm',
  'rmsNorm',
  'gate',
]);

const heads = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0]!, T, 2, D / 2]), [0, 2, 1, 3]);

const LAYERS: readonly (readonly [name: string, make: (writer: Writer) => Layer])[] = [
  [
    'linear',
    (writer) => {
      const [w, b] = [writer.matrix(), writer.vector()];
      return (h, params) => linear(h, w(params), b(params));
    },
  ],
  [
    'matmul',
    (writer) => {
      const w = writer.matrix();
      return (h, params) => matmul(h, w(params));
    },
  ],
  [
    'residual',
    (writer) => {
      const w = writer.matrix();
      return (h, params) => add(h, gelu(linear(tanh(h), w(params))));
    },
  ],
  [
    'bias',
    (writer) => {
      const b = writer.vector();
      return (h, params) => tanh(add(h, b(params)));
    },
  ],
  [
    'gain',
    (writer) => {
      const b = writer.vector();
      return (h, params) => mul(h, add(b(params), 1));
    },
  ],
  [
    'gate',
    (writer) => {
      const [w, v] = [writer.matrix(), writer.matrix()];
      return (h, params) => mul(sigmoid(linear(h, w(params))), linear(h, v(params)));
    },
  ],
  [
    'layerNorm',
    (writer) => {
      const [gain, bias] = [writer.vector(), writer.vector()];
      return (h, params) => layerNorm(h, gain(params), bias(params));
    },
  ],
  [
    'rmsNorm',
    (writer) => {
      const gain = writer.vector();
      return (h, params) => rmsNorm(h, gain(params), { eps: 0.1 });
    },
  ],
  [
    'groupNorm',
    (writer) => {
      const [gain, bias] = [writer.vector(), writer.vector()];
      return (h, params) =>
        transpose(
          groupNorm(transpose(h, [0, 2, 1]), gain(params), bias(params), { groups: 2, eps: 0.1 }),
          [0, 2, 1],
        );
    },
  ],
  ['softmax', () => (h) => softmax(h)],
  [
    'attention',
    (writer) => {
      const [q, k, v] = [writer.matrix(), writer.matrix(), writer.matrix()];
      const causal = writer.random.chance(0.5);
      return (h, params) => {
        const of = (w: Expression): Tensor => heads(linear(h, w(params)));
        const mixed = attention(of(q), of(k), of(v), { causal });
        return add(h, reshape(transpose(mixed, [0, 2, 1, 3]), h.shape));
      };
    },
  ],
  [
    'conv1d',
    () => (h, params) =>
      transpose(conv1d(transpose(h, [0, 2, 1]), params[MATRICES + VECTORS]!, { padding: 1 }), [0, 2, 1]),
  ],
  ['embedding', () => (h, params, batch) => add(h, embedding(params.at(-1)!, batch[1]!))],
  [
    'tied logits',
    () => (h, params) => slice(matmul(h, transpose(params.at(-1)!)), { stops: [h.shape[0], T, D] }),
  ],
  [
    'prompt',
    (writer) => {
      const v = writer.vector();
      return (h, params) => {
        const token = broadcastTo(reshape(v(params), [1, 1, D]), [h.shape[0]!, 1, D]);
        return slice(concat([token, h], { axis: 1 }), { stops: [h.shape[0], T] });
      };
    },
  ],
  [
    'where',
    (writer) => {
      const v = writer.vector();
      return (h, params) => where(greater(h, 0), h, mul(h, v(params)));
    },
  ],
  [
    'positions',
    (writer) => {
      const w = writer.matrix();
      return (h, params) => add(h, w(params));
    },
  ],
  ['cumsum', () => (h) => mul(cumsum(h, { axis: 1 }), 0.5)],
  [
    'recurrence',
    (writer) => {
      const w = writer.matrix();
      return (h, params) => {
        const steps: Tensor[] = [];
        for (let t = 0; t < T; t++) {
          const input = reshape(slice(h, { starts: [0, t], stops: [h.shape[0], t + 1] }), [h.shape[0]!, D]);
          const last = steps.at(-1);
          steps.push(tanh(last ? add(input, linear(last, w(params))) : input));
        }
        return stack(steps, { axis: 1 });
      };
    },
  ],
  [
    'difference',
    (writer) => {
      const w = writer.matrix();
      return (h, params) => sub(linear(h, w(params)), mul(mean(h, { axis: 1, keepDims: true }), 0.5));
    },
  ],
];
