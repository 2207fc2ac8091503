import { sameExampleAxis, type ExampleAxis } from '../graph/exampleAxis';
import type { AxisUse } from '../graph/op';

/** The example axis of an op whose inputs line up axis by axis: all that have one have the same. */
export function agreedAxis({ first, axes, mixes }: AxisUse<object>): ExampleAxis {
  const agree = axes.every((axis) => axis === null || sameExampleAxis(axis, first));
  return agree ? first : mixes('its inputs have the examples in different places');
}
