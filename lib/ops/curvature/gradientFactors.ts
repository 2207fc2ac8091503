import { ShapeError } from '../../errors';
import type { ConvolutionGeometry } from '../../graph/op';
import { extent, formatShape, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { checkFloats, checkRank } from '../floats';
import { beforeTransposition, matmul } from '../products/matmul';
import { flatten } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { groupedCotangents, groupedPatches } from '../networks/groups';
import { geometryOf, pairOf, windowPositions, type ConvolutionOptions, type Pair } from '../networks/window';

// Per-example gradients as their factors, dL_n/dW = sum_t left[n, t, :]^T right[n, t, :]: what the ops of squareSum.ts and
// productNorms.ts take.

/** Whether a factor is stored as [N, features, T]. */
export interface FactorOrientation {
  readonly transLeft: boolean;
  readonly transRight: boolean;
}

/** Of a convolution whose kernel size is not that of an input. */
export interface ConvolutionFactors extends ConvolutionGeometry {
  readonly kernel: readonly [number, number];
}

/** Checks two factors [N, T, I] and [N, T, J]; returns their features [I, J]. */
export function factorFeatures(
  where: string,
  left: Spec,
  right: Spec,
  { transLeft, transRight }: FactorOrientation,
): [number, number] {
  checkFloats(where, left, right);
  checkRank(where, left, 3, 'a left factor [N, T, I]');
  checkRank(where, right, 3, 'a right factor [N, T, J]');
  const steps = (shape: Shape, transposed: boolean): number => extent(shape, transposed ? 2 : 1);
  const disagree = steps(left.shape, transLeft) !== steps(right.shape, transRight);
  if (disagree || extent(left.shape, 0) !== extent(right.shape, 0)) {
    throw new ShapeError(
      `${where}: factors must agree in examples and steps, got ${formatShape(left.shape)}${transLeft ? '^T' : ''} and ` +
        `${formatShape(right.shape)}${transRight ? '^T' : ''}`,
    );
  }
  return [extent(left.shape, transLeft ? 1 : 2), extent(right.shape, transRight ? 1 : 2)];
}

/** Checks images and the cotangents of a convolution of them; returns the shape of its weight. */
export function convolutionWeight(
  where: string,
  images: Spec,
  cotangent: Spec,
  factors: ConvolutionFactors,
): Shape {
  checkFloats(where, images, cotangent);
  checkRank(where, images, 4, 'images [N, C, H, W]');
  checkRank(where, cotangent, 4, 'cotangents [N, O, OH, OW]');
  const [rows, columns] = windowPositions(where, images.shape, factors.kernel, factors);
  const [examples, outputs, height, width] = cotangent.shape as readonly [number, number, number, number];
  if (examples !== images.shape[0] || height !== rows || width !== columns) {
    throw new ShapeError(
      `${where}: cotangents [${extent(images.shape, 0)}, O, ${rows}, ${columns}] expected for images ` +
        `${formatShape(images.shape)}, got ${formatShape(cotangent.shape)}`,
    );
  }
  const { groups } = factors;
  if (extent(images.shape, 1) % groups !== 0 || outputs % groups !== 0) {
    throw new ShapeError(
      `${where}: ${extent(images.shape, 1)} channels and ${outputs} outputs do not divide into ${groups} groups`,
    );
  }
  return [outputs, extent(images.shape, 1) / groups, ...factors.kernel];
}

/** The gradients of all examples, stored: what the fused kernels never do. [N, I, J] */
export const exampleGradients = (left: Tensor, right: Tensor, orientation: FactorOrientation): Tensor =>
  matmul(orientation.transLeft ? left : transpose(left), orientation.transRight ? transpose(right) : right);

/** The same for a convolution: [N, O, C / groups kh kw]. */
export const exampleConvolutionGradients = (
  images: Tensor,
  cotangent: Tensor,
  factors: ConvolutionFactors,
): Tensor => {
  const products = matmul(
    groupedCotangents(cotangent, factors.groups),
    groupedPatches(images, factors, factors.kernel),
  );
  return flatten(products, 1, 2);
};

/** Takes transpositions of the factors into the flags: the packer reads either way. */
export function orient(
  left: Tensor,
  right: Tensor,
): { inputs: [Tensor, Tensor]; orientation: FactorOrientation } {
  const plainLeft = beforeTransposition(left);
  const plainRight = beforeTransposition(right);
  return {
    inputs: [plainLeft ?? left, plainRight ?? right],
    orientation: { transLeft: plainLeft !== undefined, transRight: plainRight !== undefined },
  };
}

export const orientationNumbers = ({ transLeft, transRight }: FactorOrientation): number[] => [
  Number(transLeft),
  Number(transRight),
];

/** How the weight of a convolution was used. */
export interface ConvolutionUse extends ConvolutionOptions {
  /** Taps of the window: kernel height and width. */
  readonly kernel: Pair;
}

export const convolutionFactors = (where: string, options: ConvolutionUse): ConvolutionFactors => ({
  ...geometryOf(where, options, { kernel: 'numbers', groups: 'number' }),
  kernel: pairOf(where, 'kernel', options.kernel, 1),
});
