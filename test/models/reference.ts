/** Slow, plain versions of what the classifiers compute. */

/** W x for a row-major W with `out` rows. */
export const product = (weight: readonly number[], x: readonly number[], out: number): number[] =>
  Array.from({ length: out }, (_, row) =>
    x.reduce((sum, value, i) => sum + weight[row * x.length + i]! * value, 0),
  );

type Size = readonly [channels: number, height: number, width: number];

/** A 3x3 convolution with zeros around the image, plus bias. */
export function convolved(
  image: readonly number[],
  [channels, height, width]: Size,
  weight: readonly number[],
  bias: readonly number[],
): number[] {
  const at = (c: number, row: number, column: number): number =>
    row < 0 || column < 0 || row >= height || column >= width
      ? 0
      : image[(c * height + row) * width + column]!;
  return bias.flatMap((offset, out) =>
    Array.from({ length: height * width }, (_, cell) => {
      const [row, column] = [Math.floor(cell / width), cell % width];
      let sum = offset;
      for (let c = 0; c < channels; c++) {
        for (let tap = 0; tap < 9; tap++) {
          const [i, j] = [Math.floor(tap / 3), tap % 3];
          sum += weight[(out * channels + c) * 9 + tap]! * at(c, row + i - 1, column + j - 1);
        }
      }
      return sum;
    }),
  );
}

/** The largest of every 2x2 window; an odd row or column at the end is dropped. */
export function pooled(image: readonly number[], [channels, height, width]: Size): number[] {
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  return Array.from({ length: channels * rows * columns }, (_, cell) => {
    const [c, row, column] = [
      Math.floor(cell / (rows * columns)),
      Math.floor(cell / columns) % rows,
      cell % columns,
    ];
    const corner = (c * height + 2 * row) * width + 2 * column;
    return Math.max(...[0, 1, width, width + 1].map((step) => image[corner + step]!));
  });
}
