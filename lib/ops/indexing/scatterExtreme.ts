import { checkKinds, checkTensors } from '../../graph/call';
import { defineOp } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { withBatchAt } from '../batching';
import { less, maximum, zeros, zerosLike } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';
import { asIndices } from '../indices';
import { aroundEach, checkValues, sameRow, type Along } from './along';
import { TAKE_ALONG_OPTIONS, takeAlong, takeAlongGrad, type TakeAlongOptions } from './takeAlong';

/** What the values that won give up or get: theirs where they did, `own` where the table kept its element. */
const byWinner = (winners: Tensor, own: Tensor, values: Tensor, axis: number): Tensor =>
  where(less(winners, 0), own, takeAlong(values, maximum(winners, 0), { axis }));

const defineScatter = (name: 'scatterMax' | 'scatterMin') =>
  defineOp<Along>(name, {
    infer: ([x]) => [
      { shape: x.shape, dtype: x.dtype },
      { shape: x.shape, dtype: 'int32' },
    ],
    lower: {
      kernel: name,
      views: ({ axis }, inputs, outputs) => ({
        inputs: aroundEach(axis)(inputs),
        outputs: aroundEach(axis)(outputs),
      }),
    },
    // Each place passes its cotangent to the one element that it shows.
    vjp: ([g], [, , values], [, winners], { axis }, [wantX, , wantValues]) => {
      const kept = less(winners, 0);
      const passed = (): Tensor => where(kept, zeros([], g.dtype), g);
      return [
        wantX ? where(kept, g, zeros([], g.dtype)) : null,
        null,
        wantValues
          ? takeAlongGrad(passed(), maximum(winners, 0), extent(values.shape, axis), { axis })
          : null,
      ];
    },
    jvp: ([dx, , dValues], [x, , values], [, winners], { axis }) => [
      byWinner(winners, dx ?? zerosLike(x), dValues ?? zerosLike(values), axis),
      null,
    ],
    example: { axis: sameRow },
    batch: (use) =>
      use.apply(withBatchAt(use, [0, 1, 2]), { ...use.attributes, axis: use.attributes.axis + 1 }),
  });

const maxOp = defineScatter('scatterMax');
const minOp = defineScatter('scatterMin');

const scatter =
  (op: typeof maxOp, name: string) =>
  (x: Tensor, indices: Tensor, values: Tensor, options: TakeAlongOptions = {}): Tensor => {
    checkTensors(name, { x, indices, values });
    checkKinds(name, options, TAKE_ALONG_OPTIONS);
    const { axis = -1 } = options;
    const { at, full } = checkValues(name, x, indices, values, axis);
    if (full.size === 0) return x;
    const [y] = op([x, asIndices(name, indices, extent(x.shape, at)), full], { axis: at });
    return y ?? x;
  };

/**
 * A copy where elements are raised to values placed by an index of their own along an axis, PyTorch's
 * `scatter_reduce` with `amax`: `y[o, v, i] = max(x[o, v, i], values[o, m, i] over the m with indices[o, m, i] = v)`. Where all axes
 * of the int32 indices behind the axis are 1, an index places a whole row. The values broadcast; NaN is larger than all.
 * The gradient goes to the element that is shown: of equal ones that of x, else the first.
 *
 * @example
 * scatterMax(full([2], -Infinity), tensor(groups), scores);    // the best score of each of two groups
 * @throws ShapeError when other axes differ; DTypeError unless the indices are int32 and the values of the dtype of x.
 */
export const scatterMax = scatter(maxOp, 'scatterMax');

/** The same with the smallest, PyTorch's `scatter_reduce` with `amin`; NaN is smaller than all. */
export const scatterMin = scatter(minOp, 'scatterMin');
