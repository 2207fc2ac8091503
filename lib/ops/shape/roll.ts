import { PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, single, type Site } from '../../graph/op';
import { extent, normalizeAxis, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { withAttributes } from '../batchAxes';
import { mapFactors } from '../products/factorAxes';
import { reshape } from './reshape';

interface Turn {
  readonly axis: number;
  /** From 0 to the extent of the axis - 1. */
  readonly shift: number;
}

const view = (shape: Shape, axis: number): Shape => [
  sizeOf(shape.slice(0, axis)),
  extent(shape, axis),
  sizeOf(shape.slice(axis + 1)),
];

const rollOp = defineOp<Turn>('roll', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: {
    kernel: 'roll',
    attributes: ({ shift }) => [shift],
    views: ({ axis }, [{ shape }]) => ({ inputs: [view(shape, axis)], outputs: [view(shape, axis)] }),
  },
  linearity: 'linear',
  vjp: ([g], _inputs, _outputs, { axis, shift }) => [turned(g, -shift, axis)],
  batch: withAttributes(({ axis, shift }) => ({ axis: axis + 1, shift })),
  example: {
    axis: ({ first, attributes: { axis }, mixes }) =>
      first.axis === axis ? mixes('it moves rows from one example to another') : first,
    through: ({ site, inputs: [x], attributes: { axis, shift } }) => followed(site, x.shape, axis, -shift),
  },
});

function turned(x: Tensor, shift: number, axis: number): Tensor {
  const length = extent(x.shape, axis);
  const places = length === 0 ? 0 : ((shift % length) + length) % length;
  return places === 0 ? x : single(rollOp([x], { axis, shift: places }));
}

function followed(site: Site, shape: Shape, axis: number, shift: number): Site | null {
  if (site.kind === 'dense') return { kind: 'dense', values: turned(site.values, shift, axis + 1) };
  if (site.kind !== 'product') return null;
  return mapFactors(site, shape, (factor, axes) =>
    axes.includes(axis) ? turned(factor, shift, axes.indexOf(axis) + 2) : factor,
  );
}

export interface RollOptions {
  /** The axis to turn, or one per shift. Default: all elements in row-major order, as if there were one axis. */
  readonly axis?: number | readonly number[];
}

const ROLL_OPTIONS: Kinds<RollOptions> = { axis: 'numbers' };

/**
 * Moves elements along an axis by `shift` places; what leaves at one end comes in at the other:
 * `y[(i + shift) mod n] = x[i]`.
 *
 * @example
 * roll(x, 1, { axis: -1 });                         // [1, 2, 3] -> [3, 1, 2]
 * @throws PalimpsestError ERR_ARGUMENT for a shift that is no integer; ShapeError for an axis that is not there, or when
 *   there is not one axis per shift.
 */
export function roll(x: Tensor, shift: number | readonly number[], options: RollOptions = {}): Tensor {
  checkTensors('roll', { x });
  checkKinds('roll', options, ROLL_OPTIONS);
  checkNumbers('roll', 'shift', shift);
  const { axis } = options;
  const shifts = typeof shift === 'number' ? [shift] : shift;
  const wrong = shifts.find((places) => !Number.isSafeInteger(places));
  if (wrong !== undefined)
    throw new PalimpsestError('ERR_ARGUMENT', `roll: an integer shift expected, got ${wrong}`);
  if (axis === undefined) {
    if (shifts.length !== 1)
      throw new ShapeError(`roll: one axis per shift expected, got ${shifts.length} shifts and no axis`);
    return reshape(turned(reshape(x, [x.size]), shifts[0] ?? 0, 0), x.shape);
  }
  const axes = typeof axis === 'number' ? [axis] : axis;
  if (axes.length !== shifts.length)
    throw new ShapeError(`roll: one axis per shift expected, got ${axes.length} and ${shifts.length}`);
  return axes.reduce((y, at, i) => turned(y, shifts[i] ?? 0, normalizeAxis('roll', at, x.shape.length)), x);
}
