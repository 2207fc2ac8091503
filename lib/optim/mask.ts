import { checkFunction, checkRecord, DTypeError, OptionError, ShapeError } from '../errors';
import { tensor } from '../graph/create';
import {
  broadcastShapes,
  checkShape,
  formatShape,
  normalizeAxis,
  sameShape,
  type Shape,
} from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { zerosLike } from '../ops/elementwise/arithmetic';
import { where } from '../ops/elementwise/math';
import { checkLike } from '../transforms/stacked';
import { namesOf } from './groups';
import { checkOptimizer, type Optimizer } from './optimizer';

/** Indices by axis: the entries whose index is listed along every axis that is named. `{ 0: [3] }` is row 3. */
export type Block = Readonly<Record<number, readonly number[]>>;

/** All entries of a parameter, none, a block, or those where a bool tensor that broadcasts to it is true. */
export type Entries = boolean | Block | Tensor;

/** Which entries of a parameter may move. */
export type Mask = (name: string, parameter: Tensor) => Entries;

/**
 * An optimiser that moves only some entries: by parameter, row, column, block or element. All others keep their bits, and
 * so do their moments, whatever the gradient (also NaN), the weight decay and the moments are. What may not move counts as
 * a gradient of zeros, so that clipping by the global norm inside does not see it.
 *
 * @example
 * masked(adam(), (name) => !name.startsWith('embed'));                    // freezes the embedding
 * masked(adam(), (name) => (name === 'fc.weight' ? { 0: [3] } : false));  // moves row 3 of one matrix alone
 * @throws OptionError for what is no mask, ShapeError for a mask that does not broadcast to its parameter, DTypeError for
 *   one that is not bool, when the optimiser steps.
 */
export function masked(optimizer: Optimizer, mask: Mask): Optimizer {
  checkOptimizer('masked', optimizer);
  checkFunction('masked', mask, 'a function of the name and the parameter');
  const step: Optimizer['step'] = (params, gradients, state, options) => {
    const parameters = tensorsOf(params);
    const slopes = tensorsOf(gradients);
    checkLike('masked', 'gradients', parameters, slopes);
    const names = namesOf(params);
    const entries = parameters.map((parameter, i) => entriesOf(names[i] ?? '', parameter, mask));
    const chosen = (moved: readonly Tensor[], kept: readonly Tensor[]): Tensor[] =>
      moved.map((after, i) => choose(entries[i] ?? false, after, kept[i] ?? after));
    const open = withTensors(gradients, chosen(slopes, parameters.map(zerosLike)));
    const next = optimizer.step(params, open, state, options);
    return {
      params: withTensors(params, chosen(tensorsOf(next.params), parameters)),
      state: {
        ...next.state,
        moments: next.state.moments.map((moment, which) => {
          const moved = tensorsOf(moment);
          moved.forEach((after, i) => {
            checkOwnEntries(names[i] ?? '', after, parameters[i] ?? after, entries[i] ?? false);
          });
          return withTensors(moment, chosen(moved, tensorsOf(state.moments[which])));
        }),
      },
    };
  };
  return { init: optimizer.init, step };
}

/** A moment that entries share cannot be kept for some of them. */
function checkOwnEntries(name: string, moment: Tensor, parameter: Tensor, entries: boolean | Tensor): void {
  if (typeof entries === 'boolean' || sameShape(moment.shape, parameter.shape)) return;
  throw new OptionError(
    `masked: this optimiser keeps a moment ${formatShape(moment.shape)} for all entries of '${name}' ` +
      `${formatShape(parameter.shape)}; mask the whole of it, or take another optimiser`,
  );
}

const choose = (entries: boolean | Tensor, moved: Tensor, kept: Tensor): Tensor =>
  entries instanceof Tensor ? where(entries, moved, kept) : entries ? moved : kept;

function entriesOf(name: string, parameter: Tensor, mask: Mask): boolean | Tensor {
  const entries: unknown = mask(name, parameter);
  if (typeof entries === 'boolean') return entries;
  if (entries instanceof Tensor) {
    if (entries.dtype !== 'bool') {
      throw new DTypeError(`masked: a bool mask for '${name}' expected, got ${entries.dtype}`);
    }
    if (!sameShape(broadcastShapes('masked', [entries.shape, parameter.shape]), parameter.shape)) {
      throw new ShapeError(
        `masked: the mask ${formatShape(entries.shape)} does not broadcast to '${name}' ${formatShape(parameter.shape)}`,
      );
    }
    return entries;
  }
  if (typeof entries === 'object' && entries !== null) return blockMask(parameter.shape, entries as Block);
  throw new OptionError(
    `masked: a boolean, a block or a tensor for '${name}' expected, got ${typeof entries}`,
  );
}

/**
 * A bool tensor of that shape which is true in a block: where the index along every axis that is named is one of those
 * listed. Negative indices count from the end.
 *
 * @example
 * blockMask([10, 4], { 0: [3], 1: [0, 1] });      // two entries of row 3
 * logicalNot(blockMask([10, 4], { 1: [-1] }));    // all but the last column
 * @throws ShapeError for an axis that is not there; OptionError for an index outside its axis.
 */
export function blockMask(shape: Shape, block: Block): Tensor {
  checkShape('blockMask', shape);
  checkRecord('blockMask', block);
  const lists = new Map<number, ReadonlySet<number>>();
  for (const [key, indices] of Object.entries(block)) {
    const given: unknown = indices;
    if (!Array.isArray(given))
      throw new OptionError(`blockMask: a list of indices along axis ${key} expected`);
    const axis = normalizeAxis('blockMask', Number(key), shape.length);
    lists.set(axis, new Set(indices.map((index) => indexWithin(index, axis, shape[axis] ?? 0))));
  }
  // One axis after the other, the last being the fastest.
  let marks: readonly boolean[] = [true];
  shape.forEach((extent, axis) => {
    const list = lists.get(axis);
    marks = marks.flatMap((mark) => Array.from({ length: extent }, (_, i) => mark && (list?.has(i) ?? true)));
  });
  return tensor(Uint8Array.from(marks, Number), { shape, dtype: 'bool' });
}

function indexWithin(index: number, axis: number, extent: number): number {
  const normal = index < 0 ? index + extent : index;
  if (Number.isInteger(index) && normal >= 0 && normal < extent) return normal;
  throw new OptionError(`blockMask: index ${index} is outside axis ${axis} with ${extent}`);
}
