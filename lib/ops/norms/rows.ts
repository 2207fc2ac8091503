import type { ExampleAxis } from '../../graph/exampleAxis';
import type { AxisUse } from '../../graph/op';
import { extent, normalizeAxis, sizeOf, type Shape } from '../../graph/shape';
import type { Spec } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { checkFloats, checkSame } from '../floats';

// What norms of rows share.

/** The kernels' view: [R, D]. */
export const rows = ({ shape }: Spec): Shape => [sizeOf(shape.slice(0, -1)), extent(shape, -1)];

/** Checks x [..., D] and vectors of D numbers. */
export function checkVectors(where: string, x: Spec, ...vectors: readonly Spec[]): void {
  checkFloats(where, x, ...vectors);
  normalizeAxis(where, -1, x.shape.length);
  for (const vector of vectors) checkSame(where, 'gain and bias', vector, x.shape.slice(-1));
}

/** Every row stays by itself; gain and bias are the same for all. */
export function sameRow(use: AxisUse<object>, vectors: readonly number[]): ExampleAxis {
  if (vectors.some((which) => use.axes[which])) {
    return use.mixes('its gain or bias differs from example to example');
  }
  const axis = agreedAxis(use);
  const last = use.inputs[0].shape.length - 1;
  return axis.axis < last ? axis : use.mixes('it normalises over the example axis');
}
