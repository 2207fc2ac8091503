import { ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { ExampleAxis } from '../../graph/exampleAxis';
import { movesData, perInput } from '../../graph/flops';
import { defineOp, single, type AxisUse, type ConvolutionGeometry } from '../../graph/op';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { checkFloats, checkRank } from '../floats';
import {
  geometryOf,
  type Pair,
  pairOf,
  slidingNumbers,
  WINDOW_OPTIONS,
  type WindowOptions,
  windowPositions,
} from './window';
import { moreImages } from '../batching';

// unfold and fold are each other's transposed map, so they share a file.

/** How the windows of patches slide; all channels make up one patch. */
type Sliding = Omit<ConvolutionGeometry, 'groups'>;

interface Patches extends Sliding {
  readonly kernel: readonly [number, number];
}

interface Folding extends Patches {
  readonly size: readonly [number, number];
}

const numbers = (attributes: Patches): number[] => [...slidingNumbers(attributes), ...attributes.kernel];

/** The sliding of a geometry. */
const slidingOf = ({ stride, padding, dilation }: Sliding): Sliding => ({ stride, padding, dilation });

/** Images stay apart; everything within one is mixed. */
function sameImage({ first, mixes }: AxisUse<object>): ExampleAxis {
  return first.axis === 0 ? first : mixes('its windows reach over the example axis');
}

const unfoldOp = defineOp<Patches>('unfold', {
  infer: ([x], attributes) => {
    checkFloats('unfold', x);
    checkRank('unfold', x, 4, 'images [N, C, H, W]');
    const [rows, columns] = windowPositions('unfold', x.shape, attributes.kernel, attributes);
    const [height, width] = attributes.kernel;
    return {
      shape: [extent(x.shape, 0), rows * columns, extent(x.shape, 1) * height * width],
      dtype: x.dtype,
    };
  },
  lower: { kernel: 'unfold', attributes: numbers },
  flops: movesData,
  linearity: 'linear',
  vjp: ([g], [x], _outputs, attributes) => [
    foldWith(g, { ...attributes, size: [extent(x.shape, 2), extent(x.shape, 3)] }),
  ],
  batch: moreImages(0),
  example: { axis: sameImage },
});

const foldOp = defineOp<Folding>('fold', {
  infer: ([patches], attributes) => {
    checkFloats('fold', patches);
    checkRank('fold', patches, 3, 'patches [N, positions, C kh kw]');
    const [rows, columns] = windowPositions('fold', attributes.size, attributes.kernel, attributes);
    const [height, width] = attributes.kernel;
    const channels = extent(patches.shape, 2) / (height * width);
    if (extent(patches.shape, 1) !== rows * columns || !Number.isInteger(channels)) {
      throw new ShapeError(
        `fold: patches of shape [N, ${rows * columns}, a multiple of ${height * width}] expected for images of ` +
          `${formatShape(attributes.size)}, got ${formatShape(patches.shape)}`,
      );
    }
    return { shape: [extent(patches.shape, 0), channels, ...attributes.size], dtype: patches.dtype };
  },
  lower: { kernel: 'fold', attributes: numbers },
  flops: perInput(1),
  linearity: 'linear',
  vjp: ([g], _inputs, _outputs, { kernel, stride, padding, dilation }) => [
    single(unfoldOp([g], { kernel, stride, padding, dilation })),
  ],
  batch: moreImages(0),
  example: { axis: sameImage },
});

const foldWith = (patches: Tensor, attributes: Folding): Tensor => single(foldOp([patches], attributes));

/** `unfold` under a geometry that has been checked. */
export const patchesUnder = (x: Tensor, geometry: Sliding, kernel: readonly [number, number]): Tensor =>
  single(unfoldOp([x], { ...slidingOf(geometry), kernel }));

/** `fold` under a geometry that has been checked. */
export const foldUnder = (
  patches: Tensor,
  geometry: Sliding,
  kernel: readonly [number, number],
  size: readonly [number, number],
): Tensor => foldWith(patches, { ...slidingOf(geometry), kernel, size });

/**
 * The patches of images [N, C, H, W] under a sliding window, as rows [N, positions, C * kh * kw]: positions row by row,
 * and channel, row and column of the window within a patch. Taps outside the image are 0.
 *
 * @throws ShapeError when the window does not fit; DTypeError for anything but floats; OptionError.
 */
export function unfold(x: Tensor, options: WindowOptions): Tensor {
  checkTensors('unfold', { x });
  checkKinds('unfold', options, WINDOW_OPTIONS);
  const kernel = pairOf('unfold', 'kernel', options.kernel, 1);
  return patchesUnder(
    x,
    geometryOf('unfold', options, { kernel: 'numbers' }, { image: x.shape, kernel }),
    kernel,
  );
}

export interface FoldOptions extends WindowOptions {
  /** Height and width of the images. */
  readonly size: Pair;
}

const FOLD_OPTIONS: Kinds<FoldOptions> = {
  size: 'numbers',
  kernel: 'numbers',
  stride: 'numbers',
  padding: 'any',
  dilation: 'numbers',
};

/**
 * The transposed map of `unfold`: adds patches [N, positions, C * kh * kw] to their places in images [N, C, ...size].
 *
 * @throws ShapeError when the patches are not those of such images; DTypeError for anything but floats; OptionError.
 */
export function fold(patches: Tensor, options: FoldOptions): Tensor {
  checkTensors('fold', { patches });
  checkKinds('fold', options, FOLD_OPTIONS);
  const kernel = pairOf('fold', 'kernel', options.kernel, 1);
  const size = pairOf('fold', 'size', options.size, 0);
  return foldUnder(
    patches,
    geometryOf('fold', options, { kernel: 'numbers', size: 'numbers' }, { image: size, kernel }),
    kernel,
    size,
  );
}
