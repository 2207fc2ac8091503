import type { Tensor } from '../../../lib/graph/tensor';
import { vmap } from '../../../lib/transforms/vmap';
import { expectClose, expectShape } from '../../support/compare';
import { arraysOf, tensorOf } from '../../support/tensors';
import { dtypeOf, outputsOf, valuesOf, type Case, type Row } from '../row';

const MEMBERS = 3;
/** The same formulas on more numbers at once: sums in another order. */
const TOLERANCE = 1e-12;

/** An op under `vmap` against the op on one member after the other, with the batch in every input, and in each alone. */
export async function checkBatch(row: Row, of: Case): Promise<void> {
  const places = [...of.inputs.keys()];
  const choices = places.length > 1 ? [places, ...places.map((i) => [i])] : [places];
  for (const batched of choices.filter((choice) => choice.length > 0)) {
    const what = `${row.name}, ${of.name}, members in [${batched.join(', ')}]`;
    const members = Array.from({ length: MEMBERS }, (_, member) =>
      inputsOf(of, (i) => (batched.includes(i) ? member : 0)),
    );
    const stacked = inputsOf(of, (i) => (batched.includes(i) ? 'all' : 0));
    const inAxes = places.map((i) => (batched.includes(i) ? 0 : null));
    const fn = (...inputs: Tensor[]): readonly Tensor[] => outputsOf(row, inputs, of.options);
    const together = await arraysOf(vmap(fn, { inAxes })(...stacked));
    const apart = await Promise.all(members.map((inputs) => arraysOf(fn(...inputs))));
    together.forEach((all, k) => {
      const parts = apart.map((outputs) => outputs[k]!);
      expectShape(all.shape, [MEMBERS, ...parts[0]!.shape], what);
      expectClose(
        all.data,
        parts.flatMap(({ data }) => [...data]),
        TOLERANCE,
        what,
      );
    });
  }
}

/** Inputs of one member, whose elements are those of the case turned by so many places, or of all members. */
function inputsOf(of: Case, memberOf: (which: number) => number | 'all'): Tensor[] {
  return valuesOf(of).map(({ shape, data }, i) => {
    const turned = (by: number): number[] => [...data.slice(by), ...data.slice(0, by)];
    const member = memberOf(i);
    const dtype = dtypeOf(of.inputs[i]!, 'float64');
    if (member !== 'all') return tensorOf(turned(member), shape, dtype);
    const all = Array.from({ length: MEMBERS }, (_, own) => turned(own)).flat();
    return tensorOf(all, [MEMBERS, ...shape], dtype);
  });
}
