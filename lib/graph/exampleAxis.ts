import { sizeOf, type Shape } from './shape';

/**
 * Where the examples are in a tensor. Axis `axis` has extent `outer * count * inner` and index
 * `(o * count + n) * inner + i` belongs to example n: outer and inner are other axes that a reshape merged into it.
 */
export interface ExampleAxis {
  readonly axis: number;
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

export const wholeAxis = (axis: number, count: number): ExampleAxis => ({ axis, outer: 1, count, inner: 1 });

export const sameExampleAxis = (a: ExampleAxis, b: ExampleAxis): boolean =>
  a.axis === b.axis && a.outer === b.outer && a.count === b.count && a.inner === b.inner;

/** The axis is the examples alone, nothing merged into it. */
export const isWhole = (axis: ExampleAxis): boolean => axis.outer === 1 && axis.inner === 1;

/** The same example axis on another axis of a tensor. */
export const moved = (example: ExampleAxis, axis: number): ExampleAxis => ({ ...example, axis });

/**
 * Follows the example axis through a reshape: the elements of one example keep their row-major positions, so all that
 * counts is how many lie before the example index. Null when no single axis of the new shape can hold it. For two or
 * more examples: with one, every axis could.
 */
export function reshapedAxis(example: ExampleAxis, from: Shape, to: Shape): ExampleAxis | null {
  const before = sizeOf(from.slice(0, example.axis)) * example.outer;
  let passed = 1;
  for (const [axis, extent] of to.entries()) {
    const outer = before / passed;
    const inner = extent / (outer * example.count);
    if (Number.isInteger(outer) && Number.isInteger(inner) && inner > 0) {
      return { axis, outer, count: example.count, inner };
    }
    passed *= extent;
  }
  return null;
}
