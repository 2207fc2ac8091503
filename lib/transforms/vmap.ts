import { checkFunction, checkOptions, OptionError, PalimpsestError, ShapeError } from '../errors';
import { formatShape, normalizeAxis } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { moveAxis } from '../ops/shape/transpose';
import { inBatch } from './inBatch';

export interface VmapOptions {
  /**
   * The axis of the batch in the tensors of every argument, one for all or one per argument; null for an argument that is
   * the same for all members. Default 0.
   */
  readonly inAxes?: number | null | readonly (number | null)[];
  /** The axis of the batch in the tensors of the result; one per entry when the result is an array. Default 0. */
  readonly outAxes?: number | readonly number[];
}

/**
 * A function of one member as a function of a batch: `vmap(f)(xs)[b] = f(xs[b])`, computed at once. Every op is done for
 * all members together where it can be, through its decomposition else, and one member after the other in the last resort;
 * what does not depend on the members is computed once. The function may use any transform, and so may what vmap is used
 * in. Random ops under one key draw the same numbers for every member; give every member a key of its own for others.
 *
 * @example
 * const gradients = vmap(grad(loss), { inAxes: [null, 0, 0] })(params, xs, ys);   // [N, ...] per parameter
 * @throws ShapeError when the extents of the batch axes differ, or there is none; OptionError for a misspelled option.
 */
export function vmap<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  checkFunction('vmap', fn);
  checkOptions('vmap', options, ['inAxes', 'outAxes']);
  const { inAxes = 0, outAxes = 0 } = options;
  return (...args) => {
    const { single, members, count } = takeApart(args, axesOf(inAxes, args.length));
    const result = fn(...single);
    const outputs = tensorsOf(result);
    const places = placesOf(result, outAxes);
    const joined = inBatch(outputs, members, count).map((all, i) => moveAxis(all, 0, places[i] ?? 0));
    return withTensors(result, joined);
  };
}

function axesOf(inAxes: VmapOptions['inAxes'], count: number): readonly (number | null)[] {
  if (inAxes === null || typeof inAxes === 'number') return Array<number | null>(count).fill(inAxes);
  if (!Array.isArray(inAxes) || inAxes.length !== count) {
    throw new OptionError(`vmap: inAxes is an axis or one per argument, ${count} expected`);
  }
  return inAxes as readonly (number | null)[];
}

/** The arguments with a placeholder of one member's shape for every tensor of a batch. */
function takeApart<A extends readonly unknown[]>(
  args: A,
  axes: readonly (number | null)[],
): { single: A; members: Map<Tensor, Tensor>; count: number } {
  const members = new Map<Tensor, Tensor>();
  let count: number | undefined;
  const single = args.map((arg, i) => {
    const axis = axes[i];
    if (axis === null || axis === undefined) return arg;
    const placeholders = tensorsOf(arg).map((tensor) => {
      const all = moveAxis(tensor, normalizeAxis('vmap', axis, tensor.shape.length), 0);
      const [own = 0, ...shape] = all.shape;
      if (own !== (count ??= own)) {
        throw new ShapeError(
          `vmap: ${count} members expected on axis ${axis} of argument ${i}, got ${formatShape(tensor.shape)}`,
        );
      }
      const placeholder = new Tensor({ shape, dtype: tensor.dtype });
      members.set(placeholder, all);
      return placeholder;
    });
    return withTensors(arg, placeholders);
  });
  if (count === undefined)
    throw new ShapeError('vmap: at least one tensor with an axis of the batch expected');
  return { single: single as unknown as A, members, count };
}

/** The axis of the batch for every tensor of the result. */
function placesOf(result: unknown, outAxes: number | readonly number[]): number[] {
  if (typeof outAxes === 'number') return tensorsOf(result).map(() => outAxes);
  if (!Array.isArray(result) || result.length !== outAxes.length) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `vmap: ${outAxes.length} outAxes are for a result that is an array of ${outAxes.length}`,
    );
  }
  return result.flatMap((entry: unknown, i) => tensorsOf(entry).map(() => outAxes[i] ?? 0));
}
