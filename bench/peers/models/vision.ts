import type { Parameters } from '../../../lib/graph/parameters';
import type { Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { add, relu } from '../../../lib/ops/elementwise';
import { softmaxCrossEntropy } from '../../../lib/ops/losses';
import { conv2d } from '../../../lib/ops/networks';
import { groupNorm } from '../../../lib/ops/norms';
import { broadcastTo, mean } from '../../../lib/ops/reduce';
import { concat } from '../../../lib/ops/shape/concat';
import { reshape } from '../../../lib/ops/shape/reshape';
import { slice } from '../../../lib/ops/shape/slice';
import { transpose } from '../../../lib/ops/shape/transpose';
import { integers, uniform } from '../hashed';
import { affineShapes, block, blockShapes, layerNormOf, linearOf } from './blocks';
import { workload, type Network, type Workload } from './workload';

const CLASSES = 10;

const classifier = (shapes: Network['shapes'], outputs: Network['outputs']): Network => ({
  shapes,
  outputs,
  lossesOf: (logits, y) => softmaxCrossEntropy(logits, y),
});

/** 784-hidden-hidden-10 with ReLU; layers are called 0, 2 and 4, for the activations count too. */
export function mlp(hidden = 1024): Network {
  const widths = [784, hidden, hidden, CLASSES];
  return classifier(
    widths.slice(1).flatMap((out, i) => affineShapes(`${2 * i}`, out, widths[i])),
    (p, x) => {
      let h = x;
      for (let i = 0; i < widths.length - 1; i++) h = linearOf(p, `${2 * i}`, i > 0 ? relu(h) : h);
      return h;
    },
  );
}

const VIT = { width: 192, layers: 12, heads: 3, patch: 4, side: 8 };

/** A vision transformer over 64 patches and a class token. */
export const vit: Network = classifier(
  [
    ['cls', [1, 1, VIT.width]],
    ['pos', [1, VIT.side ** 2 + 1, VIT.width]],
    ['patch.weight', [VIT.width, 3, VIT.patch, VIT.patch]],
    ['patch.bias', [VIT.width]],
    ...Array.from({ length: VIT.layers }, (_, i) => blockShapes(`h.${i}`, VIT.width)).flat(),
    ...affineShapes('lnf', VIT.width),
    ...affineShapes('head', CLASSES, VIT.width),
  ],
  (p, images) => {
    const { width, layers, heads, patch, side } = VIT;
    const n = images.shape[0] ?? 0;
    const cells = reshape(conv2d(images, p.get('patch.weight'), { stride: patch }), [n, width, side ** 2]);
    const patches = add(transpose(cells, [0, 2, 1]), p.get('patch.bias'));
    let x = add(concat([broadcastTo(p.get('cls'), [n, 1, width]), patches], { axis: 1 }), p.get('pos'));
    for (let i = 0; i < layers; i++) x = block(p, `h.${i}`, x, heads, false);
    return linearOf(p, 'head', layerNormOf(p, 'lnf', reshape(slice(x, { stops: [n, 1] }), [n, width])));
  },
);

/** Widths and strides of the residual blocks. */
const BLOCKS = [64, 128, 256, 512].flatMap((width, i) => [
  { inputs: i === 0 ? 64 : width / 2, width, stride: i === 0 ? 1 : 2 },
  { inputs: width, width, stride: 1 },
]);

const residualShapes = (
  name: string,
  { inputs, width, stride }: (typeof BLOCKS)[number],
): Network['shapes'] => {
  const shapes: (readonly [string, Shape])[] = [
    [`${name}.c1.weight`, [width, inputs, 3, 3]],
    [`${name}.c2.weight`, [width, width, 3, 3]],
    ...affineShapes(`${name}.n1`, width),
    ...affineShapes(`${name}.n2`, width),
  ];
  if (stride === 1 && inputs === width) return shapes;
  return [...shapes, [`${name}.short.weight`, [width, inputs, 1, 1]], ...affineShapes(`${name}.ns`, width)];
};

const groupNormOf = (p: Parameters, name: string, x: Tensor): Tensor =>
  groupNorm(x, p.get(`${name}.weight`), p.get(`${name}.bias`), { groups: 32 });

function residual(p: Parameters, name: string, x: Tensor, stride: number): Tensor {
  const inner = conv2d(x, p.get(`${name}.c1.weight`), { stride, padding: 1 });
  const outer = conv2d(relu(groupNormOf(p, `${name}.n1`, inner)), p.get(`${name}.c2.weight`), { padding: 1 });
  const short = p.has(`${name}.short.weight`)
    ? groupNormOf(p, `${name}.ns`, conv2d(x, p.get(`${name}.short.weight`), { stride }))
    : x;
  return relu(add(groupNormOf(p, `${name}.n2`, outer), short));
}

/** ResNet-18 for 32 x 32 images: a 3 x 3 stem without pooling, and group norms. */
export const resnet18: Network = classifier(
  [
    ['stem.weight', [64, 3, 3, 3]],
    ...affineShapes('norm', 64),
    ...BLOCKS.flatMap((sizes, i) => residualShapes(`blocks.${i}`, sizes)),
    ...affineShapes('head', CLASSES, 512),
  ],
  (p, images) => {
    let x = relu(groupNormOf(p, 'norm', conv2d(images, p.get('stem.weight'), { padding: 1 })));
    for (const [i, { stride }] of BLOCKS.entries()) x = residual(p, `blocks.${i}`, x, stride);
    return linearOf(p, 'head', mean(x, { axis: [2, 3] }));
  },
);

const NETWORKS: Readonly<Record<string, (hidden?: number) => Network>> = {
  mlp,
  vit: () => vit,
  resnet18: () => resnet18,
};

/** A classifier of images with so many of them; `hidden` is the MLP's width. */
export function imageWorkload(name: string, samples: number, hidden?: number): Promise<Workload> {
  const network = NETWORKS[name];
  if (!network) throw new Error(`no network '${name}'; there are ${Object.keys(NETWORKS).join(', ')}`);
  const x = uniform('images', name === 'mlp' ? [samples, 784] : [samples, 3, 32, 32]);
  return workload(network(hidden), x, integers('labels', [samples], CLASSES));
}
