import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensorList, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { broadcastTo } from '../reduce/sum';
import { reshape } from './reshape';

export interface MeshgridOptions {
  /**
   * `xy` (default, as in NumPy and JAX): the first vector runs along axis 1, the second along axis 0. `ij`: vector k runs
   * along axis k.
   */
  readonly indexing?: 'xy' | 'ij';
}

const MESHGRID_OPTIONS: Kinds<MeshgridOptions> = { indexing: 'string' };

/**
 * The coordinates of the points of a grid, one tensor per vector, each with an axis per vector.
 *
 * @example
 * const [x, y] = meshgrid([columns, rows]);         // [3], [2] -> two of [2, 3]
 * @throws ShapeError unless every tensor has one axis; OptionError for another indexing.
 */
export function meshgrid(vectors: readonly Tensor[], options: MeshgridOptions = {}): Tensor[] {
  checkKinds('meshgrid', options, MESHGRID_OPTIONS);
  checkTensorList('meshgrid', 'vectors', vectors);
  const { indexing = 'xy' } = options;
  if (!['xy', 'ij'].includes(indexing))
    throw new OptionError(`meshgrid: indexing 'xy' or 'ij' expected, got '${indexing}'`);
  const wrong = vectors.find(({ shape }) => shape.length !== 1);
  if (wrong) throw new ShapeError(`meshgrid: vectors expected, got ${formatShape(wrong.shape)}`);
  const axisOf = (which: number): number =>
    indexing === 'xy' && which < 2 && vectors.length > 1 ? 1 - which : which;
  const shape = Array<number>(vectors.length);
  vectors.forEach((vector, which) => (shape[axisOf(which)] = extent(vector.shape, 0)));
  return vectors.map((vector, which) => {
    const own = shape.map((_, axis) => (axis === axisOf(which) ? vector.size : 1));
    return broadcastTo(reshape(vector, own), shape);
  });
}
