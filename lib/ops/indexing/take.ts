import { DTypeError, PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { moved, type ExampleAxis } from '../../graph/exampleAxis';
import { movesData, perInput } from '../../graph/flops';
import { defineOp, single, type AxisUse, type Site, type SiteUse, type ThroughUse } from '../../graph/op';
import { extent, formatShape, normalizeAxis, sameShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { examplesFirst } from '../examplesFirst';
import { oneHot } from './oneHot';
import { takeAlongGrad } from './takeAlong';
import { expandDims, reshape } from '../shape/reshape';
import { moveAxis, transpose } from '../shape/transpose';
import { asIndices } from '../indices';

// take and takeGrad are each other's transposed map, so they share a file.

interface Axis {
  readonly axis: number;
}

/** The kernel's view: [outer, extent of the axis, inner]; `count` axes hold the picks. */
const threeAxes = ({ shape }: Spec, axis: number, count: number): Shape => [
  sizeOf(shape.slice(0, axis)),
  sizeOf(shape.slice(axis, axis + count)),
  sizeOf(shape.slice(axis + count)),
];

const takeOp = defineOp<Axis>('take', {
  infer: ([x, indices], { axis }) => ({
    shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
    dtype: x.dtype,
  }),
  lower: {
    kernel: 'take',
    takesHalves: true,
    views: ({ axis }, [x, indices], [y]) => ({
      inputs: [threeAxes(x, axis, 1), [sizeOf(indices.shape)]],
      outputs: [threeAxes(y, axis, indices.shape.length)],
    }),
  },
  flops: movesData,
  // Linear in x; the indices have no tangent.
  linearity: 'multilinear',
  vjp: ([g], [x, indices], _outputs, { axis }) => [
    takeGrad(g, indices, extent(x.shape, axis), { axis }),
    null,
  ],
  // Tables of their own, or picks of their own from one table; both at once would have to tell a table from the next.
  batch: ({ inputs: [x, indices], batched, attributes: { axis } }) => {
    if (batched[0] && batched[1]) return null;
    return batched[0]
      ? [take(x, indices, { axis: axis + 1 })]
      : [moveAxis(take(x, indices, { axis }), axis, 0)];
  },
  example: { axis: axisOfPicks, site: tableSite, through: takeThrough },
});

const takeGradOp = defineOp<Axis & { extent: number }>('takeGrad', {
  infer: ([g, indices], attributes) => ({
    shape: [
      ...g.shape.slice(0, attributes.axis),
      attributes.extent,
      ...g.shape.slice(attributes.axis + indices.shape.length),
    ],
    dtype: g.dtype,
  }),
  lower: {
    kernel: 'takeGrad',
    views: ({ axis }, [g, indices], [y]) => ({
      inputs: [threeAxes(g, axis, indices.shape.length), [sizeOf(indices.shape)]],
      outputs: [threeAxes(y, axis, 1)],
    }),
  },
  flops: perInput(1),
  linearity: 'multilinear',
  vjp: ([h], [, indices], _outputs, { axis }) => [take(h, indices, { axis }), null],
  batch: ({ inputs: [g, indices], batched, attributes }) =>
    batched[1] ? null : [takeGrad(g, indices, attributes.extent, { axis: attributes.axis + 1 })],
  example: {
    axis: ({ axes: [g, picks], inputs: [, indices], attributes: { axis }, mixes }) => {
      if (!g || picks || (g.axis >= axis && g.axis < axis + indices.shape.length)) {
        return mixes('it adds rows of different examples');
      }
      return g.axis < axis ? g : moved(g, g.axis - indices.shape.length + 1);
    },
    through: ({ site, inputs: [, indices], attributes: { axis } }) =>
      site.kind === 'dense'
        ? { kind: 'dense', values: take(site.values, indices, { axis: axis + 1 }) }
        : null,
  },
});

/** Examples come with the indices into a shared table, or with a table from which all pick the same. */
function axisOfPicks({
  axes: [table, picks],
  inputs: [, indices],
  attributes: { axis },
  mixes,
}: AxisUse<Axis>): ExampleAxis {
  if (picks) {
    return table
      ? mixes('both table and indices belong to examples; use takeAlong')
      : moved(picks, axis + picks.axis);
  }
  if (!table || table.axis === axis) return mixes('it picks along the example axis');
  return table.axis < axis ? table : moved(table, table.axis + indices.shape.length - 1);
}

/** dL_n/dx[o, v, i] = sum_t [indices[n, t] = v] g[n, o, t, i]: rows of a table where outer is 1. */
function tableSite({
  which,
  inputs: [x, indices],
  cotangents: [g],
  inputAxes,
  outputAxis,
  attributes,
}: SiteUse<Axis>): Site {
  const picks = inputAxes[1];
  if (which !== 0 || !picks)
    throw new ShapeError('take: a site needs a shared table and indices of examples');
  const { axis } = attributes;
  const [outer, rows, inner] = threeAxes(x, axis, 1) as [number, number, number];
  const examples = picks.count;
  const perExample = examples === 0 ? 0 : indices.size / examples;
  const chosen = reshape(examplesFirst(indices, picks), [examples, perExample]);
  const returning = reshape(examplesFirst(g, outputAxis), [examples, outer, perExample, inner]);
  if (outer === 1) {
    const cotangents = reshape(returning, [examples, perExample, inner]);
    return { kind: 'gather', indices: chosen, cotangents, rows, shape: x.shape };
  }
  if (inner === 1) {
    const left = transpose(reshape(returning, [examples, outer, perExample]));
    return { kind: 'product', left, right: oneHot(chosen, rows, { dtype: x.dtype }), shape: x.shape };
  }
  const values = transpose(addRows(transpose(returning, [0, 2, 1, 3]), chosen, rows), [0, 2, 1, 3]);
  return { kind: 'dense', values: reshape(values, [examples, ...x.shape]) };
}

/**
 * Adds rows of every example to where they were picked from, example by example:
 * `y[n, v, ...] = sum of values[n, t, ...] over the t with indices[n, t] = v`, for values [N, T, ...] and int32 indices
 * [N, T]; the result is [N, rows, ...].
 */
export function addRows(values: Tensor, indices: Tensor, rows: number): Tensor {
  const [examples, steps] = [extent(indices.shape, 0), extent(indices.shape, 1)];
  const rest = values.shape.slice(2);
  const flat = reshape(values, [examples, steps, sizeOf(rest)]);
  const sums = takeAlongGrad(flat, expandDims(indices, -1), rows, { axis: 1 });
  return reshape(sums, [examples, rows, ...rest]);
}

/** Rows or columns of a shared matrix: the rows or columns of its factors go back to their places. */
function takeThrough({ site, inputs: [x, indices], attributes: { axis } }: ThroughUse<Axis>): Site | null {
  const back = (part: Tensor, at: number): Tensor =>
    takeGrad(part, indices, extent(x.shape, axis), { axis: at });
  if (site.kind === 'dense') return { kind: 'dense', values: back(site.values, axis + 1) };
  const flat = reshape(indices, [indices.size]);
  if (site.kind === 'gather') {
    const isRows = axis === 0 && site.rows === indices.size;
    const rows = extent(x.shape, 0);
    return isRows ? { ...site, indices: take(flat, site.indices), rows, shape: x.shape } : null;
  }
  if (site.kind !== 'product') return null;
  const scattered = (factor: Tensor): Tensor => takeGrad(factor, flat, extent(x.shape, axis), { axis: 2 });
  if (axis === 0 && extent(site.left.shape, 2) === indices.size) {
    return { ...site, left: scattered(site.left), shape: x.shape };
  }
  if (axis === x.shape.length - 1 && extent(site.right.shape, 2) === indices.size) {
    return { ...site, right: scattered(site.right), shape: x.shape };
  }
  return null;
}

export interface TakeOptions {
  /** The axis to pick along. Default 0. */
  readonly axis?: number;
}

const TAKE_OPTIONS: Kinds<TakeOptions> = { axis: 'number' };

/**
 * Rows by index: `y[o, j, i] = x[o, indices[j], i]`, where j runs over the shape of the int32 indices, which takes the
 * place of the axis. Reading it raises ERR_INDEX for an index outside the axis.
 *
 * @example
 * take(embedding, tokens);                                      // [V, D], [N, T] -> [N, T, D]
 * @throws ShapeError for an axis that is not there; DTypeError unless the indices are int32.
 */
export function take(x: Tensor, indices: Tensor, options: TakeOptions = {}): Tensor {
  checkTensors('take', { x, indices });
  checkKinds('take', options, TAKE_OPTIONS);
  const { axis = 0 } = options;
  const at = normalizeAxis('take', axis, x.shape.length);
  return single(takeOp([x, asIndices('take', indices, extent(x.shape, at))], { axis: at }));
}

/**
 * The transposed map of `take`: adds the rows of g to where they were taken from, `y[o, v, i] = sum of g[o, j, i] over the j
 * with indices[j] = v`, with `extent` rows v. The axes of the indices in g begin at `axis`.
 *
 * @throws ShapeError when g does not have the axes of the indices there; DTypeError unless g is a float and the indices
 *   int32.
 */
export function takeGrad(g: Tensor, indices: Tensor, extent: number, { axis = 0 }: TakeOptions = {}): Tensor {
  if (!isFloat(g.dtype)) throw new DTypeError(`takeGrad: floats expected, got ${g.dtype}`);
  // Indices without axes leave none behind: the axis is a place between those of g.
  const at = normalizeAxis('takeGrad', axis, g.shape.length - indices.shape.length + 1);
  if (!sameShape(g.shape.slice(at, at + indices.shape.length), indices.shape)) {
    throw new ShapeError(
      `takeGrad: axes ${formatShape(indices.shape)} expected at ${at}, got ${formatShape(g.shape)}`,
    );
  }
  if (!Number.isSafeInteger(extent) || extent < 0) {
    throw new PalimpsestError('ERR_ARGUMENT', `takeGrad: an extent is a non-negative integer, got ${extent}`);
  }
  return single(takeGradOp([g, asIndices('takeGrad', indices, extent)], { axis: at, extent }));
}
