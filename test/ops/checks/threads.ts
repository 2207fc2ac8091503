import { isFloat, type AnyTypedArray } from '../../../lib/graph/dtype';
import { evaluate } from '../../../lib/graph/evaluate';
import { sizeOf } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { setThreads, threads } from '../../../lib/native';
import { vjp } from '../../../lib/transforms/vjp';
import { expectSameBits } from '../../support/compare';
import { directions, sequence } from '../../support/sequence';
import { tensorOf } from '../../support/tensors';
import { dtypesOf, functionOf, inputsOf, outputsOf, variablesOf, type Row } from '../row';

/** The first count is run twice. */
const THREADS = [1, 1, 2, 4];

/** Values and gradients are the same bits in every run, for any number of threads. */
export async function checkThreads(row: Row): Promise<void> {
  const of = row.large ?? row.cases[0]!;
  const [float] = dtypesOf(row);
  const inputs = inputsOf(of, float!);
  const usual = threads();
  const runs: AnyTypedArray[][] = [];
  try {
    for (const count of THREADS) {
      setThreads(count);
      const outputs = [...outputsOf(row, inputs, of.options), ...gradients(row, inputs)];
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

function gradients(row: Row, inputs: readonly Tensor[]): Tensor[] {
  const of = row.large ?? row.cases[0]!;
  const places = variablesOf(of);
  if (row.orders === 0 || places.length === 0) return [];
  const [float] = dtypesOf(row);
  const { value, pull } = vjp(
    functionOf(row, of, float!),
    places.map((i) => inputs[i]!),
  );
  return [
    ...pull(
      value.map(({ shape, dtype }, i) => {
        if (!isFloat(dtype)) throw new Error('a float expected');
        return tensorOf(directions(sizeOf(shape), sequence(7 + i)), shape, dtype);
      }),
    ),
  ];
}
