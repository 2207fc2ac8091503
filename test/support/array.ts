import { sizeOf, type Shape } from '../../lib/graph/shape';

/** An n-dimensional array in plain JavaScript: what references are written with. */
export interface NdArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** All index tuples of a shape in row-major order. The tuple is reused: copy it to keep it. */
export function* indicesOf(shape: Shape): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let left = sizeOf(shape); left > 0; left--) {
    yield index;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** The row-major position of an index; axes of extent 1 and missing leading axes broadcast. */
export function positionIn(shape: Shape, index: readonly number[]): number {
  const skipped = index.length - shape.length;
  return shape.reduce((at, extent, axis) => at * extent + (extent === 1 ? 0 : index[axis + skipped]!), 0);
}

export const at = (x: NdArray, ...index: number[]): number => x.data[positionIn(x.shape, index)]!;

/** An array from a formula for its elements. */
export function build(shape: Shape, element: (index: readonly number[]) => number): NdArray {
  const data = new Float64Array(sizeOf(shape));
  let i = 0;
  for (const index of indicesOf(shape)) data[i++] = element(index);
  return { shape, data };
}

/** The elements whose index agrees with `index` outside `axes`, in row-major order. */
export function elementsAlong(x: NdArray, axes: readonly number[], index: readonly number[]): number[] {
  const elements: number[] = [];
  const full = [...index];
  for (const inner of indicesOf(axes.map((axis) => x.shape[axis]!))) {
    axes.forEach((axis, i) => (full[axis] = inner[i]!));
    elements.push(at(x, ...full));
  }
  return elements;
}

/** The axes from `axis` on merged into one. */
export const flattenFrom = ({ shape, data }: NdArray, axis: number): NdArray => ({
  shape: [...shape.slice(0, axis), sizeOf(shape.slice(axis))],
  data,
});

/** `f(0) + ... + f(n - 1)` */
export function total(n: number, f: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += f(i);
  return sum;
}
