import { compile } from '../../lib/graph/compile';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import type { Contender, Subject } from '../subject';
import { nameOf, outputsOf, workOf, type Family, type Row } from './row';
import { table } from './table';

// Every kernel against the machine's own limits. A row is one instruction, called through a compiled function, as the
// engine's users call it; what it computes is checked by the op table of the tests, against a reference for every op.

/** Rows share inputs that are alike, so that a family fits into memory. */
class Inputs {
  readonly #tensors = new Map<string, Tensor>();

  of(row: Row): Tensor[] {
    return row.inputs.map(({ key, make }, i) => {
      const place = `${i} ${key}`;
      const tensor = this.#tensors.get(place) ?? make(1 + i);
      this.#tensors.set(place, tensor);
      return tensor;
    });
  }
}

async function contenderOf(row: Row, inputs: readonly Tensor[]): Promise<Contender> {
  const { kernels, bytes } = workOf(row);
  if (kernels.join() !== row.kernel) {
    throw new Error(`${nameOf(row)}: one instruction of ${row.kernel} expected, got ${kernels.join(', ')}`);
  }
  await evaluate(inputs);
  const compute = compile((...args: readonly Tensor[]) => outputsOf(row, args));
  return {
    name: nameOf(row),
    run: async () => {
      for (const output of await compute(...inputs)) output.dispose();
    },
    flops: row.flops,
    bytes,
    against: row.against,
  };
}

const subjectOf = ({ name, about, rows }: Family): Subject => ({
  name,
  about,
  members: rows.map(nameOf),
  prepare: async (wanted) => {
    const chosen = rows.filter((row) => wanted(nameOf(row)));
    const measured = rows.filter(
      (row) => chosen.includes(row) || chosen.some(({ against }) => against === nameOf(row)),
    );
    const inputs = new Inputs();
    const contenders: Contender[] = [];
    for (const row of measured) contenders.push(await contenderOf(row, inputs.of(row)));
    return contenders;
  },
});

export const subjects: readonly Subject[] = table.map(subjectOf);
