import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, several } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';

import { takeAlong } from '../../ops/indexing/takeAlong';
import { sum } from '../../ops/reduce/sum';
import { add, mul, neg } from '../../ops/elementwise/arithmetic';
import { reshape } from '../../ops/shape/reshape';
import { batchAxis, batchOf, checkMatrix, stacked } from '../matrices';

const assignmentOp = defineOp('assignment', {
  infer: ([cost]) => {
    checkMatrix('assignment', cost);
    const count = Math.min(extent(cost.shape, -1), extent(cost.shape, -2));
    const chosen: Spec = { shape: [...batchOf(cost), count], dtype: 'int32' };
    return [chosen, chosen];
  },
  lower: {
    kernel: 'assignment',
    views: (_attributes, [cost], [rows, columns]) => ({
      inputs: [stacked(cost)],
      outputs: [stacked(rows, 1), stacked(columns, 1)],
    }),
  },
  flops: ([cost]) => cost.shape.reduce((size, n) => size * n, 1) * Math.min(...cost.shape.slice(-2)),
  constant: true,
  example: { axis: batchAxis },
});

export interface AssignmentOptions {
  /** Look for the dearest choice instead of the cheapest. Default false. */
  readonly maximize?: boolean;
}

const ASSIGNMENT_OPTIONS: Kinds<AssignmentOptions> = { maximize: 'boolean' };

export interface Assignment {
  /** int32 [..., k], ascending, k = min(m, n). */
  readonly rows: Tensor;
  /** int32 [..., k]: the column that belongs to each row. */
  readonly columns: Tensor;
  /** The sum [...] of the chosen costs; its gradient is 1 at these. */
  readonly total: Tensor;
}

/**
 * The cheapest choice of k = min(m, n) entries of cost matrices [..., m, n], no two in one row or column (Jonker and Volgenant 1987,
 * A shortest augmenting path algorithm; the Hungarian method's problem). Plus infinity forbids an entry.
 *
 * @example
 * const { columns } = assignment(distances);                    // which column each row gets
 * @throws ShapeError or DTypeError unless cost holds float matrices; OptionError for a misspelled option; reading it raises
 *   ERR_VALUE for NaN or minus infinity, and when every choice contains a forbidden entry.
 */
export function assignment(cost: Tensor, options: AssignmentOptions = {}): Assignment {
  checkTensors('assignment', { cost });
  checkKinds('assignment', options, ASSIGNMENT_OPTIONS);
  const [rows, columns] = several(assignmentOp([options.maximize === true ? neg(cost) : cost], {}));
  const [m, n] = [extent(cost.shape, -2), extent(cost.shape, -1)];
  const flat = reshape(cost, [...batchOf(cost), m * n]);
  const chosen = takeAlong(flat, add(mul(rows, n), columns));
  return { rows, columns, total: sum(chosen, { axis: -1 }) };
}
