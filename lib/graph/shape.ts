import { describe, isList, ShapeError } from '../errors';

/** Extents of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;

// Asked for a dozen times per node of a graph: plain loops, without a closure.

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Throws unless every extent is a non-negative integer and the size a safe one. */
export function checkShape(where: string, shape: Shape): void {
  if (!isList(shape))
    throw new ShapeError(`${where}: a shape is an array of extents, got ${describe(shape)}`);
  if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0) || !Number.isSafeInteger(sizeOf(shape))) {
    throw new ShapeError(`${where}: a shape has non-negative integer extents, got ${formatShape(shape)}`);
  }
  if (shape.length > 16) throw new ShapeError(`${where}: at most 16 axes, got ${shape.length}`);
}

/** The common shape of NumPy broadcasting: aligned at the last axis, extents equal or 1. */
export function broadcastShapes(where: string, shapes: readonly Shape[]): Shape {
  let rank = 0;
  for (const shape of shapes) rank = Math.max(rank, shape.length);
  const common: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let extent = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === extent) continue;
      if (extent !== 1) {
        throw new ShapeError(`${where}: shapes ${shapes.map(formatShape).join(' and ')} do not broadcast`);
      }
      extent = own;
    }
    common.push(extent);
  }
  return common;
}

/** An axis in [0, rank), where negative ones count from the end. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new ShapeError(`${where}: axis ${axis} is outside a tensor of ${rank} axes`);
  }
  return normal;
}

/** Axes in ascending order without repeats; `undefined` means all. */
export function normalizeAxes(
  where: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === 'number' ? [axes] : axes;
  if (!isList(list))
    throw new ShapeError(`${where}: an axis or an array of axes expected, got ${describe(list)}`);
  const normal = list.map((axis) => normalizeAxis(where, axis, rank)).sort((a, b) => a - b);
  if (new Set(normal).size !== normal.length)
    throw new ShapeError(`${where}: axes [${list.join(', ')}] repeat`);
  return normal;
}

/** The extent of an axis that is known to exist; negative axes count from the end. */
export function extent(shape: Shape, axis: number): number {
  const value = shape.at(axis);
  if (value === undefined) throw new ShapeError(`axis ${axis} is outside ${formatShape(shape)}`);
  return value;
}
