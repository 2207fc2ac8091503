import { ShapeError } from '../errors';

/** How many rows of `classes` numbers `values` holds. @throws ShapeError when it is not a whole number of rows. */
export function rowCount(where: string, values: ArrayLike<number>, classes: number): number {
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw new ShapeError(`${where}: a positive number of classes expected, got ${classes}`);
  }
  if (values.length % classes !== 0) {
    throw new ShapeError(`${where}: rows of ${classes} numbers expected, got ${values.length} numbers`);
  }
  return values.length / classes;
}
