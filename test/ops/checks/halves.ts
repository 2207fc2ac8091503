import type { HalfDType } from '../../../lib/graph/dtype';
import { roundToHalf } from '../../../lib/graph/halves/halfBits';
import type { Tensor } from '../../../lib/graph/tensor';
import { cast } from '../../../lib/ops/elementwise/arithmetic';
import { vjp } from '../../../lib/transforms/vjp';
import type { NdArray } from '../../support/array';
import { expectArray } from '../../support/compare';
import { arraysOf, tensorOf } from '../../support/tensors';
import { directionLike } from './derivatives';
import { functionOf, outputsOf, valuesOf, variablesOf, type Case, type Row } from '../row';

/** A few roundings to 8 and to 11 bits, relative to the largest element. */
const TOLERANCE: Record<HalfDType, number> = { bfloat16: 2 ** -6, float16: 2 ** -9 };
const SEED = 40;

/** The inputs rounded to 16 bits: held in them, and the same numbers in float32. */
function inputsIn(of: Case, half: HalfDType): { narrow: Tensor[]; wide: Tensor[] } {
  const inputs = (float: 'float32' | HalfDType): Tensor[] =>
    valuesOf(of).map(({ shape, data }, i) => {
      const { dtype = 'float' } = of.inputs[i]!;
      return dtype === 'float'
        ? tensorOf(
            data.map((value) => roundToHalf(half, value)),
            shape,
            float,
          )
        : tensorOf(data, shape, dtype);
    });
  return { narrow: inputs(half), wide: inputs('float32') };
}

/** An op of 16-bit floats gives what it gives in float32, rounded; so do its derivatives. */
export async function checkHalves(row: Row, of: Case, half: HalfDType): Promise<void> {
  const { narrow, wide } = inputsIn(of, half);
  const rounded = ({ shape, data }: NdArray): NdArray => ({
    shape,
    data: data.map((x) => roundToHalf(half, x)),
  });
  const what = `${row.name}, ${of.name}, ${half}`;
  const [outputs, expected] = [outputsOf(row, narrow, of.options), outputsOf(row, wide, of.options)];
  expected.forEach(({ dtype }, i) => {
    const wanted = dtype === 'float32' ? half : dtype;
    if (outputs[i]!.dtype !== wanted)
      throw new Error(`${what}: ${wanted} expected, got ${outputs[i]!.dtype}`);
  });
  const expectRounded = async (
    actual: readonly Tensor[],
    exact: readonly Tensor[],
    tolerance: number,
    which: string,
  ): Promise<void> => {
    const [arrays, wanted] = [await arraysOf(actual), await arraysOf(exact)];
    arrays.forEach((array, i) =>
      expectArray(array, exact[i]!.dtype === 'float32' ? rounded(wanted[i]!) : wanted[i]!, tolerance, which),
    );
  };
  const { times = 1, withoutGradient } = row.halves ?? {};
  await expectRounded(outputs, expected, times * TOLERANCE[half], what);
  if (withoutGradient !== undefined || (row.orders ?? 2) === 0 || variablesOf(of).length === 0) return;
  const gradients = (inputs: readonly Tensor[]): readonly Tensor[] => {
    const variables = variablesOf(of).map((i) => inputs[i]!);
    const { value, pull } = vjp(functionOf(row, of, inputs), variables);
    return pull(value.map((y, i) => cast(cast(directionLike(y, SEED + i), half), y.dtype)));
  };
  await expectRounded(gradients(narrow), gradients(wide), 2 * times * TOLERANCE[half], `${what}, gradient`);
}
