import { ShapeError } from '../errors';

/** How many rows of `classes` numbers there are. @throws ShapeError when it is no whole number. */
export function rowCount(where: string, values: ArrayLike<number>, classes: number): number {
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw new ShapeError(`${where}: a positive number of classes expected, got ${classes}`);
  }
  if (values.length % classes !== 0) {
    throw new ShapeError(`${where}: rows of ${classes} numbers expected, got ${values.length} numbers`);
  }
  return values.length / classes;
}
