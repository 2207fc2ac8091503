import { type Kinds } from '../../graph/call';
import type { ExampleAxis } from '../../graph/exampleAxis';
import type { AxisUse, BatchUse, Lowering } from '../../graph/op';
import { extent, normalizeAxis, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { agreedAxis } from '../agreedAxis';
import { pad } from '../shape/pad';
import { slice } from '../shape/slice';

/** What the record of every scan holds. */
export interface Along {
  readonly axis: number;
  readonly reverse: boolean;
}

export interface ScanOptions {
  /** The axis to go along. Default -1. */
  readonly axis?: number;
  /** Go from the end to the beginning. Default false. */
  readonly reverse?: boolean;
}

export const SCAN_OPTIONS: Kinds<ScanOptions> = { axis: 'number', reverse: 'boolean' };

/** The options with the axis counted from the front. */
export const along = (where: string, x: Tensor, { axis = -1, reverse = false }: ScanOptions): Along => ({
  axis: normalizeAxis(where, axis, x.shape.length),
  reverse,
});

const around = (shape: Shape, axis: number): Shape => [
  sizeOf(shape.slice(0, axis)),
  extent(shape, axis),
  sizeOf(shape.slice(axis + 1)),
];

/** A scan's kernel: the tensors as [outer, n, inner]. */
export const scanKernel = (kernel: string): Lowering<Along> => ({
  kernel,
  attributes: ({ reverse }) => [Number(reverse)],
  views: ({ axis }, inputs, outputs) => ({
    inputs: inputs.map(({ shape }) => around(shape, axis)),
    outputs: outputs.map(({ shape }) => around(shape, axis)),
  }),
});

/** The tensor moved on by one place in the direction of the scan, so that every element sees the one before it. */
export const before = (x: Tensor, { axis, reverse }: Along, first: number): Tensor =>
  moved(x, axis, reverse, first);

/** The tensor moved back by one place: every element sees the one after it. */
export const after = (x: Tensor, { axis, reverse }: Along, last: number): Tensor =>
  moved(x, axis, !reverse, last);

const NO_MARGIN = [0, 0] as const;
const MARGIN_BELOW = [1, 0] as const;
const MARGIN_ABOVE = [0, 1] as const;

/** Every element sees its lower neighbour along the axis, or the upper one; the one without a neighbour sees `value`. */
function moved(x: Tensor, axis: number, seesUpper: boolean, value: number): Tensor {
  const n = extent(x.shape, axis);
  if (n === 0) return x;
  const starts = x.shape.map((_, i) => (i === axis && seesUpper ? 1 : 0));
  const stops = x.shape.map((own, i) => (i === axis && !seesUpper ? own - 1 : own));
  const margins = x.shape.map((_, i) => (i !== axis ? NO_MARGIN : seesUpper ? MARGIN_ABOVE : MARGIN_BELOW));
  return pad(slice(x, { starts, stops }), margins, { value });
}

/** Every line along the axis belongs to one example. */
export function sameLine(use: AxisUse<Along>): ExampleAxis {
  if (use.first.axis === use.attributes.axis) return use.mixes('it goes along the example axis');
  return agreedAxis(use);
}

/** A batch in front moves the axis by one; only when all inputs are of the batch. */
export const batchedScan = ({
  inputs,
  batched,
  attributes,
  apply,
}: BatchUse<Along>): readonly Tensor[] | null =>
  inputs.every((_, i) => batched[i]) ? apply(inputs, { ...attributes, axis: attributes.axis + 1 }) : null;
