import { DTypeError, PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { agreedAxis } from '../agreedAxis';
import { defineOp, single } from '../../graph/op';
import { formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { rowsOf } from './rows';

const searchSortedOp = defineOp<{ right: boolean }>('searchSorted', {
  infer: ([, values]) => ({ shape: values.shape, dtype: 'int32' }),
  lower: {
    kernel: 'searchSorted',
    attributes: ({ right }) => [Number(right)],
    views: (_attributes, [sorted, values]) => {
      const rows =
        sorted.shape.length === 1 ? [1, values.shape.reduce((size, own) => size * own, 1)] : rowsOf(values);
      return { inputs: [rowsOf(sorted), rows], outputs: [rows] };
    },
  },
  constant: true,
  example: {
    axis: (use) => {
      const [sorted, values] = use.inputs;
      // One sequence for all: values stay where they are.
      if (sorted.shape.length === 1)
        return use.axes[0] ? use.mixes('it searches among the examples') : use.first;
      return use.first.axis < values.shape.length - 1
        ? agreedAxis(use)
        : use.mixes('it searches among the examples');
    },
  },
});

export interface SearchSortedOptions {
  /** `left` (default) for the place in front of equal elements, `right` for that behind them. */
  readonly side?: 'left' | 'right';
}

const SEARCH_SORTED_OPTIONS: Kinds<SearchSortedOptions> = { side: 'string' };

/**
 * Where values belong in sorted sequences, as int32: the number of elements that are less (`left`), or not greater (`right`).
 * `sorted` is one sequence [n] for values of any shape, or [..., n] beside values [..., m] with equal leading axes. NaN counts as
 * larger than everything.
 *
 * @example
 * searchSorted(tensor([1, 3, 5]), tensor([3, 4]));        // [1, 2]
 * @throws ShapeError when leading axes differ; DTypeError for different dtypes; PalimpsestError ERR_ARGUMENT for another side.
 */
export function searchSorted(sorted: Tensor, values: Tensor, options: SearchSortedOptions = {}): Tensor {
  checkTensors('searchSorted', { sorted, values });
  checkKinds('searchSorted', options, SEARCH_SORTED_OPTIONS);
  const { side = 'left' } = options;
  if (!['left', 'right'].includes(side))
    throw new PalimpsestError('ERR_ARGUMENT', `searchSorted: side is 'left' or 'right', got '${side}'`);
  if (sorted.dtype !== values.dtype) {
    throw new DTypeError(
      `searchSorted: one dtype expected, got ${sorted.dtype} and ${values.dtype}; use cast`,
    );
  }
  const isOne = sorted.shape.length === 1;
  const agree =
    sorted.shape.length === values.shape.length &&
    sameShape(sorted.shape.slice(0, -1), values.shape.slice(0, -1));
  if (sorted.shape.length === 0 || !(isOne || agree)) {
    throw new ShapeError(
      `searchSorted: [n], or leading axes equal to the values', expected, got ${formatShape(sorted.shape)} and ${formatShape(values.shape)}`,
    );
  }
  return single(searchSortedOp([sorted, values], { right: side === 'right' }));
}
