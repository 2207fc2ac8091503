import type { ConvolutionGeometry } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { flatten, reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { patchesUnder } from './unfold';

// The factors of a grouped convolution with an axis of groups of their own: one product per group.

/** Rows [N, T, F] as [N, T, groups, F / groups]. */
export const grouped = (rows: Tensor, groups: number): Tensor =>
  reshape(rows, [...rows.shape.slice(0, 2), groups, extent(rows.shape, 2) / groups]);

/** A weight [O, C / groups, kh, kw] as [groups, O / groups, C / groups kh kw]. */
export const groupedWeight = (w: Tensor, groups: number): Tensor => {
  const { shape } = flatten(w, 1);
  return reshape(w, [groups, extent(shape, 0) / groups, extent(shape, 1)]);
};

/** Cotangents [N, O, OH, OW] as [N, groups, O / groups, positions]. */
export const groupedCotangents = (g: Tensor, groups: number): Tensor => {
  const [examples, outputs, positions] = flatten(g, 2).shape as readonly [number, number, number];
  return reshape(g, [examples, groups, outputs / groups, positions]);
};

/** The patches of images as [N, groups, positions, C / groups kh kw]. */
export const groupedPatches = (
  images: Tensor,
  geometry: ConvolutionGeometry,
  kernel: readonly [number, number],
): Tensor => transpose(grouped(patchesUnder(images, geometry, kernel), geometry.groups), [0, 2, 1, 3]);
