import type { Parameters } from '../../../graph/parameters';
import { extent } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { add, mul, zerosLike } from '../../../ops/elementwise/arithmetic';
import { relu } from '../../../ops/elementwise/math';
import { leakyRelu } from '../../../ops/elementwise/activations';
import { conv2d } from '../../../ops/networks/conv2d';
import { avgPool2d, maxPool2d } from '../../../ops/networks/pool2d';
import { matmul } from '../../../ops/products/matmul';
import { mean } from '../../../ops/reduce/reduce';
import { concat } from '../../../ops/shape/concat';
import { pad } from '../../../ops/shape/pad';
import { reshape } from '../../../ops/shape/reshape';
import { transpose } from '../../../ops/shape/transpose';
import { FACE_MEAN, FaceLayers, normalizedPixels } from './layers';

// The networks of face-api.js as pure functions of their parameters and of pixels [N, 3, H, W] from 0 to 255.

/** What a face shows, by the places of the logits. */
export const EXPRESSIONS = ['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'] as const;

/** Logits of expressions [N, 7] of faces [N, 3, 112, 112]: four blocks whose convolutions see the sum of all before. */
export function expressionLogits(parameters: Parameters, faces: Tensor): Tensor {
  const layers = new FaceLayers(parameters);
  let x = normalizedPixels(faces, FACE_MEAN);
  for (let block = 0; block < 4; block++) x = denseBlock(layers, x, `dense${block}`, block === 0);
  return layers.full(mean(x, { axis: [2, 3] }), 'fc');
}

function denseBlock(layers: FaceLayers, x: Tensor, path: string, isFirst: boolean): Tensor {
  const start = isFirst ? layers.conv(x, `${path}/conv0`, 2) : layers.separable(x, `${path}/conv0`, 2);
  const first = relu(start);
  let total = add(first, layers.separable(first, `${path}/conv1`));
  for (const which of ['conv2', 'conv3'])
    total = add(total, layers.separable(relu(total), `${path}/${which}`));
  return relu(total);
}

/** Ages in years [N] and logits of male and female [N, 2] of faces [N, 3, 112, 112]. */
export function ageAndGender(
  parameters: Parameters,
  faces: Tensor,
): { readonly age: Tensor; readonly genderLogits: Tensor } {
  const layers = new FaceLayers(parameters);
  const pixels = normalizedPixels(faces, FACE_MEAN);
  let x = relu(layers.conv(pixels, 'entry_flow/conv_in', 2));
  x = reduction(layers, x, 'entry_flow/reduction_block_0', false);
  x = reduction(layers, x, 'entry_flow/reduction_block_1');
  for (const block of [0, 1]) {
    const path = `middle_flow/main_block_${block}/separable_conv`;
    x = add(
      x,
      [0, 1, 2].reduce((value, i) => layers.separable(relu(value), `${path}${i}`), x),
    );
  }
  x = reduction(layers, x, 'exit_flow/reduction_block');
  x = relu(layers.separable(x, 'exit_flow/separable_conv'));
  const pooled = mean(x, { axis: [2, 3] });
  return {
    age: reshape(layers.full(pooled, 'fc/age'), [extent(x.shape, 0)]),
    genderLogits: layers.full(pooled, 'fc/gender'),
  };
}

function reduction(layers: FaceLayers, x: Tensor, path: string, isActivated = true): Tensor {
  const first = layers.separable(isActivated ? relu(x) : x, `${path}/separable_conv0`);
  const second = layers.separable(relu(first), `${path}/separable_conv1`);
  // Windows over the edge see zeros in the reference's place of nothing: what is pooled there is never below the inside.
  const pooled = maxPool2d(padded(second, 3, 2), { kernel: 3, stride: 2 });
  return add(pooled, layers.conv(x, `${path}/expansion_conv`, 2));
}

/** Room behind an image, so that windows begin at every `stride`: below all numbers, as pooling wants it. */
function padded(x: Tensor, kernel: number, stride: number): Tensor {
  const missing = (size: number): number =>
    Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
  const around = (axis: number): readonly [number, number] => {
    const total = missing(extent(x.shape, axis));
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  };
  return pad(x, [[0, 0], [0, 0], around(2), around(3)], { value: -3e38 });
}

/** Descriptors [N, 128] of faces [N, 3, 150, 150]: those of one person are less than about 0.6 apart. */
export function faceDescriptor(parameters: Parameters, faces: Tensor): Tensor {
  const convolved = (x: Tensor, path: string, stride: number, padding: 'same' | 'valid'): Tensor => {
    const filters = transpose(parameters.get(`${path}/conv/filters`), [3, 2, 0, 1]);
    const y = conv2d(x, filters, { stride, padding, bias: parameters.get(`${path}/conv/bias`) });
    const channels = [1, extent(y.shape, 1), 1, 1];
    const [scale, shift] = ['weights', 'biases'].map((name) =>
      reshape(parameters.get(`${path}/scale/${name}`), channels),
    ) as [Tensor, Tensor];
    return add(mul(y, scale), shift);
  };
  const residual = (x: Tensor, path: string): Tensor => {
    const y = relu(convolved(x, `${path}/conv1`, 1, 'same'));
    return relu(add(convolved(y, `${path}/conv2`, 1, 'same'), x));
  };
  const down = (x: Tensor, path: string): Tensor => {
    const y = relu(convolved(x, `${path}/conv1`, 2, 'valid'));
    return relu(aligned(convolved(y, `${path}/conv2`, 1, 'same'), avgPool2d(x, { kernel: 2, stride: 2 })));
  };
  const stem = relu(convolved(normalizedPixels(faces, FACE_MEAN), 'conv32_down', 2, 'valid'));
  let x = maxPool2d(stem, { kernel: 3, stride: 2 });
  for (const path of ['conv32_1', 'conv32_2', 'conv32_3']) x = residual(x, path);
  for (const [first, ...others] of STAGES) {
    x = down(x, first);
    for (const path of others) x = residual(x, path);
  }
  return matmul(mean(x, { axis: [2, 3] }), parameters.get('fc'));
}

const STAGES = [
  ['conv64_down', 'conv64_1', 'conv64_2', 'conv64_3'],
  ['conv128_down', 'conv128_1', 'conv128_2'],
  ['conv256_down', 'conv256_1', 'conv256_2'],
  ['conv256_down_out'],
] as const;

/** The sum of both, with zeros behind where the first has a row and a column less, or the second fewer channels. */
function aligned(y: Tensor, pooled: Tensor): Tensor {
  const isShorter =
    extent(y.shape, 2) !== extent(pooled.shape, 2) || extent(y.shape, 3) !== extent(pooled.shape, 3);
  const whole = isShorter
    ? pad(y, [
        [0, 0],
        [0, 0],
        [0, 1],
        [0, 1],
      ])
    : y;
  const isNarrower = extent(pooled.shape, 1) !== extent(whole.shape, 1);
  return add(whole, isNarrower ? concat([pooled, zerosLike(pooled)], { axis: 1 }) : pooled);
}

/** What the detector takes as the middle. */
const DETECTOR_MEAN = [117.001, 114.697, 97.404] as const;

/** Boxes and scores of a grid, [N, cells, cells, 5 anchors, 5], of images [N, 3, S, S] with S a multiple of 32. */
export function detectorGrid(parameters: Parameters, images: Tensor): Tensor {
  const layers = new FaceLayers(parameters);
  const leaky = (x: Tensor): Tensor => leakyRelu(x, { slope: 0.1 });
  let x = normalizedPixels(images, DETECTOR_MEAN);
  // The first one sees the image without a frame, as it was trained.
  x = leaky(layers.conv(x, 'conv0', 1, 'valid'));
  for (const which of [1, 2, 3, 4, 5]) {
    x = maxPool2d(padded(x, 2, 2), { kernel: 2, stride: 2 });
    x = leaky(layers.separable(x, `conv${which}`));
  }
  x = maxPool2d(padded(x, 2, 1), { kernel: 2, stride: 1 });
  const grid = layers.conv(x, 'conv8', 1, 'valid');
  const [examples, , rows = 0, columns = 0] = grid.shape;
  return reshape(transpose(grid, [0, 2, 3, 1]), [examples ?? 1, rows, columns, 5, 5]);
}
