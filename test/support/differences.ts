/** Truncation and rounding errors of central differences in float64 are both about 1e-10 here. */
export const DIFFERENCE_STEP = 1e-5;

/** The gradient of a scalar function by central differences, one coordinate after the other. */
export async function centralDifferences(
  f: (points: readonly Float64Array[]) => Promise<number>,
  points: readonly Float64Array[],
): Promise<Float64Array[]> {
  const moved = points.map((point) => point.slice());
  const gradients = points.map((point) => new Float64Array(point.length));
  for (const [k, point] of points.entries()) {
    for (let i = 0; i < point.length; i++) {
      moved[k]![i] = point[i]! + DIFFERENCE_STEP;
      const above = await f(moved);
      moved[k]![i] = point[i]! - DIFFERENCE_STEP;
      const below = await f(moved);
      moved[k]![i] = point[i]!;
      gradients[k]![i] = (above - below) / (2 * DIFFERENCE_STEP);
    }
  }
  return gradients;
}

/** The derivative of a vector function in a direction, by central differences. */
export async function directionalDifference(
  f: (points: readonly Float64Array[]) => Promise<readonly ArrayLike<number>[]>,
  points: readonly Float64Array[],
  direction: readonly Float64Array[],
): Promise<Float64Array[]> {
  const moved = (sign: number): Float64Array[] =>
    points.map((point, k) => point.map((x, i) => x + sign * DIFFERENCE_STEP * direction[k]![i]!));
  const above = await f(moved(1));
  const below = await f(moved(-1));
  return above.map((values, k) =>
    Float64Array.from(values, (value, i) => (value - below[k]![i]!) / (2 * DIFFERENCE_STEP)),
  );
}
