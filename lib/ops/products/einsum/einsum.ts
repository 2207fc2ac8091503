import { ShapeError, unexpected } from '../../../errors';
import { checkKinds, checkTensorList, type Kinds } from '../../../graph/call';
import type { Tensor } from '../../../graph/tensor';
import { broadcastTo } from '../../reduce/sum';
import { reshape } from '../../shape/reshape';
import { checkOneDType } from '../oneDType';
import { contractPair, inOrder, plain, reduced } from './contract';
import { equationOf, type Label, type Labeled } from './labels';
import { checkPath, contractionPath, type ContractionPath } from './path';

export interface EinsumOptions {
  /**
   * The order of the contractions, as pairs of places in the list of operands; the two leave it and their product comes to
   * its end. Default: the cheapest by multiplications for up to six operands, a greedy one for more.
   */
  readonly path?: ContractionPath;
}

const EINSUM_OPTIONS: Kinds<EinsumOptions> = { path: 'any' };

/**
 * Sums of products over named axes, as NumPy has it: every letter names an axis, axes of one name run together, and names
 * that the result does not have are summed. A name twice in one operand takes the diagonal; `...` stands for axes that
 * broadcast; axes of extent 1 stretch. Without `->` the result has the names that occur once, in alphabetical order.
 *
 *     einsum('ij,jk->ik', [a, b])       y[i, k] = sum_j a[i, j] b[j, k]
 *
 * Operands are contracted two by two, each pair as one (batched) matrix product; operands stored the other way round are
 * read so.
 *
 * @example
 * einsum('nhqd,nhkd->nhqk', [queries, keys]);       // attention scores
 * einsum('ii->i', [matrix]);                        // a diagonal
 * @throws PalimpsestError ERR_ARGUMENT for what is no equation or path; ShapeError when operands do not fit it; DTypeError
 *   unless they are of one numeric dtype.
 */
export function einsum(equation: string, operands: readonly Tensor[], options: EinsumOptions = {}): Tensor {
  checkKinds('einsum', options, EINSUM_OPTIONS);
  checkTensorList('einsum', 'operands', operands);
  if (typeof equation !== 'string') throw unexpected('einsum', 'an equation', equation);
  const { path } = options;
  if (operands.length === 0) throw new ShapeError('einsum: at least one operand expected');
  checkOneDType('einsum', operands);
  const parsed = equationOf(equation, operands);
  const { inputs, output, sizes } = parsed;
  if (path !== undefined) checkPath(path, operands.length);
  const left = operands.map((tensor, i) => plain({ tensor, labels: inputs[i] ?? [] }, sizes));
  for (const [first, second] of path ?? contractionPath(parsed)) {
    const [a, b] = [left[first], left[second]] as [Labeled, Labeled];
    left.splice(Math.max(first, second), 1);
    left.splice(Math.min(first, second), 1);
    left.push(contracted(a, b, left, output));
  }
  return finished(left[0] as Labeled, output, sizes);
}

/** Two operands as one, while others wait. */
function contracted(a: Labeled, b: Labeled, others: readonly Labeled[], output: readonly Label[]): Labeled {
  const kept = (label: Label): boolean =>
    output.includes(label) || others.some(({ labels }) => labels.includes(label));
  const own = (x: Labeled, other: Labeled): Labeled =>
    reduced(x, (label) => kept(label) || other.labels.includes(label));
  const [left, right] = [own(a, b), own(b, a)];
  // The names of the first operand come first in the product: the order that the result wants, if there is one.
  const place = (x: Labeled, other: Labeled): number => {
    const alone = x.labels.filter((label) => !other.labels.includes(label) && output.includes(label));
    return alone.length === 0 ? -1 : Math.min(...alone.map((label) => output.indexOf(label)));
  };
  const isSwapped = others.length === 0 && place(left, right) > place(right, left) && place(right, left) >= 0;
  return isSwapped ? contractPair(right, left, kept) : contractPair(left, right, kept);
}

/** The result with its axes in order; names that only stretched axes had are put back. */
function finished(last: Labeled, output: readonly Label[], sizes: ReadonlyMap<Label, number>): Tensor {
  const rest = reduced(last, (label) => output.includes(label));
  const present = output.filter((label) => rest.labels.includes(label));
  const ordered = inOrder(rest, present);
  if (present.length === output.length) return ordered;
  const open = output.map((label) => (present.includes(label) ? (sizes.get(label) ?? 1) : 1));
  return broadcastTo(
    reshape(ordered, open),
    output.map((label) => sizes.get(label) ?? 1),
  );
}
