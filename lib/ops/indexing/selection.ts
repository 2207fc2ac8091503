import { checkKinds, type Kinds } from '../../graph/call';
import { checkRecord, DTypeError, isList, PalimpsestError, ShapeError, unexpected } from '../../errors';
import { broadcastShapes, extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import { Tensor } from '../../graph/tensor';
import { add } from '../elementwise/arithmetic';
import { asIndices } from '../indices';
import { broadcastTo } from '../reduce/sum';
import { stack } from '../shape/concat';
import { reshape } from '../shape/reshape';
import { rangeOf } from '../shape/slice';
import { flatIndex, stridesOf } from './flatIndex';
import { iota } from './iota';

/** Regularly spaced entries of an axis, as Python's `start:stop:step`; negative numbers count from the end. */
export interface Range {
  readonly start?: number;
  readonly stop?: number;
  readonly step?: number;
}

const RANGE_PARTS: Kinds<Range> = { start: 'number', stop: 'number', step: 'number' };

/**
 * One part of an index: a number takes an entry and drops the axis, a range keeps some entries, an int32 tensor picks
 * entries, `null` makes a new axis of extent 1, and `'...'` stands for all axes that are not mentioned.
 */
export type IndexPart = number | Range | Tensor | null | '...';

/** What an index means for a certain shape, axis by axis. */
export type Selected =
  | { readonly kind: 'number'; readonly axis: number; readonly at: number }
  | {
      readonly kind: 'range';
      readonly axis: number;
      readonly start: number;
      readonly step: number;
      readonly count: number;
    }
  | { readonly kind: 'tensor'; readonly axis: number; readonly indices: Tensor }
  | { readonly kind: 'new' };

/** Checks an index against a shape; axes that it does not mention are whole ranges. */
export function selectionOf(where: string, shape: Shape, index: readonly IndexPart[]): Selected[] {
  if (!isList(index)) {
    throw unexpected(where, 'an array of index parts', index);
  }
  const rank = shape.length;
  const named = index.filter((part) => part !== null && part !== '...').length;
  const dots = index.filter((part) => part === '...').length;
  if (dots > 1) throw new ShapeError(`${where}: '...' may stand once`);
  if (named > rank)
    throw new ShapeError(
      `${where}: at most ${rank} indices expected for ${formatShape(shape)}, got ${named}`,
    );
  const whole = Array<Range>(rank - named).fill({});
  const all = dots === 0 ? [...index, ...whole] : index.flatMap((part) => (part === '...' ? whole : [part]));
  let axis = 0;
  return all.map((part) => (part === null ? { kind: 'new' } : selectedOf(where, shape, axis++, part)));
}

function selectedOf(where: string, shape: Shape, axis: number, part: IndexPart): Selected {
  const length = extent(shape, axis);
  if (part instanceof Tensor) {
    if (part.dtype === 'bool') {
      throw new DTypeError(
        `${where}: int32 or int64 indices expected, got bool; booleanMask, maskedFill and where take masks`,
      );
    }
    return { kind: 'tensor', axis, indices: asIndices(where, part, length) };
  }
  if (typeof part === 'number') {
    const at = part < 0 ? part + length : part;
    if (Number.isInteger(part) && at >= 0 && at < length) return { kind: 'number', axis, at };
    throw new PalimpsestError(
      'ERR_INDEX',
      `${where}: index ${part} is outside axis ${axis} of ${length} entries`,
    );
  }
  if (part === null || part === '...')
    throw new PalimpsestError('ERR_INTERNAL', 'an index part without an axis');
  checkRecord(where, part, 'a part of an index that is no number and no tensor');
  checkKinds(where, part, RANGE_PARTS);
  return { kind: 'range', axis, ...rangeOf(length, part.start, part.stop, part.step ?? 1) };
}

export const isWhole = (part: Selected, shape: Shape): boolean =>
  part.kind === 'range' && part.start === 0 && part.step === 1 && part.count === shape[part.axis];

/** Where the elements of a selection lie: rows of `inner` in the tensor read as [rows, ...inner]. */
export interface Positions {
  /** The numbers of the rows, int32, shaped like the result without `inner`. */
  readonly rows: Tensor;
  readonly count: number;
  readonly inner: Shape;
}

/**
 * The positions that an index selects, arranged as NumPy arranges them: axes of broadcast index tensors stand where the
 * tensors stood when they and the numbers stand side by side, and in front otherwise.
 */
export function positionsOf(where: string, shape: Shape, selection: readonly Selected[]): Positions {
  const trailing = [...selection].reverse().findIndex((part) => !isWhole(part, shape));
  const lead = selection.slice(0, trailing < 0 ? 0 : selection.length - trailing);
  const leadAxes = lead.filter((part) => part.kind !== 'new').length;
  const outer = shape.slice(0, leadAxes);
  const strides = stridesOf(outer);
  const tensors = lead.filter((part) => part.kind === 'tensor');
  const picked = broadcastShapes(
    where,
    tensors.map((part) => part.indices.shape),
  );
  const dims = arranged(lead, picked);
  const result = dims.flatMap(({ extents }) => extents);
  // Every part counts along its own axes of the result.
  const placed = (values: Tensor, which: Selected | 'picked'): Tensor =>
    reshape(
      values,
      dims.flatMap(({ of, extents }) => (of === which ? extents : extents.map(() => 1))),
    );
  const terms = lead.flatMap((part): Tensor[] => {
    if (part.kind === 'number') return [iota(1, { start: part.at * extent(strides, part.axis) })];
    if (part.kind !== 'range') return [];
    const stride = extent(strides, part.axis);
    return [placed(iota(part.count, { start: part.start * stride, step: part.step * stride }), part)];
  });
  if (tensors.length > 0) {
    const coordinates = stack(
      tensors.map((part) => broadcastTo(part.indices, picked)),
      { axis: -1 },
    );
    const axes = tensors.map((part) => part.axis);
    const numbers = flatIndex(
      where,
      coordinates,
      axes.map((axis) => extent(outer, axis)),
      axes.map((axis) => extent(strides, axis)),
    );
    terms.push(placed(numbers, 'picked'));
  }
  const sum = terms.reduce((a, b) => add(a, b), iota(1));
  return {
    rows: broadcastTo(reshape(sum, sum.size === 1 ? [] : sum.shape), result),
    count: sizeOf(outer),
    inner: shape.slice(leadAxes),
  };
}

interface Dims {
  readonly of: Selected | 'picked';
  readonly extents: Shape;
}

/** The axes of the result in order, each with what it comes from. */
function arranged(lead: readonly Selected[], picked: Shape): Dims[] {
  const isAdvanced = ({ kind }: Selected): boolean => kind === 'tensor' || kind === 'number';
  const dims: Dims[] = lead.flatMap((part): Dims[] => {
    if (part.kind === 'range') return [{ of: part, extents: [part.count] }];
    return part.kind === 'new' ? [{ of: part, extents: [1] }] : [];
  });
  if (!lead.some(({ kind }) => kind === 'tensor')) return dims;
  const first = lead.findIndex(isAdvanced);
  const last = lead.length - 1 - [...lead].reverse().findIndex(isAdvanced);
  const isTogether = lead.slice(first, last + 1).every(isAdvanced);
  const place = isTogether ? lead.slice(0, first).filter((part) => !isAdvanced(part)).length : 0;
  return [...dims.slice(0, place), { of: 'picked', extents: picked }, ...dims.slice(place)];
}
