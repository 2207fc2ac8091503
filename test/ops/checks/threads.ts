import type { AnyTypedArray } from '../../../lib/graph/dtype';
import { evaluate } from '../../../lib/graph/evaluate';
import { sizeOf } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { setThreads, threads } from '../../../lib/native';
import { vjp } from '../../../lib/transforms/vjp';
import { expectSameBits } from '../../support/compare';
import { directions, sequence } from '../../support/sequence';
import { tensorOf } from '../../support/tensors';
import { dtypesOf, functionOf, inputsOf, outputsOf, variablesOf, type Case, type Row } from '../row';

/** The first count is run twice. */
const THREADS = [1, 1, 2, 4];

/** Values and gradients are the same bits in every run, for any number of threads. */
export async function checkThreads(row: Row): Promise<void> {
  const of = row.large ?? row.cases[0]!;
  const inputs = inputsOf(of, dtypesOf(row)[0]!);
  const graph = graphOf(row, of, inputs);
  const usual = threads();
  const runs: AnyTypedArray[][] = [];
  try {
    for (const count of THREADS) {
      setThreads(count);
      const outputs = graph();
      await evaluate(outputs);
      runs.push(await Promise.all(outputs.map((output) => output.data())));
    }
  } finally {
    setThreads(usual);
  }
  for (const [run, results] of runs.entries()) {
    for (const [i, values] of results.entries()) {
      expectSameBits(values, runs[0]![i]!, `${row.name}, result ${i} on ${THREADS[run]} threads`);
    }
  }
}

/** Makes the graph of values and gradients anew: what has been evaluated is not computed again. */
function graphOf(row: Row, of: Case, inputs: readonly Tensor[]): () => Tensor[] {
  const places = variablesOf(of);
  const values = (): Tensor[] => [...outputsOf(row, inputs, of.options)];
  if (row.orders === 0 || places.length === 0) return values;
  const fn = functionOf(row, of, inputs);
  const variables = places.map((i) => inputs[i]!);
  const seeds = fn(variables).map(({ shape, dtype }, i) =>
    tensorOf(directions(sizeOf(shape), sequence(7 + i)), shape, dtype),
  );
  return () => [...values(), ...vjp(fn, variables).pull(seeds)];
}
