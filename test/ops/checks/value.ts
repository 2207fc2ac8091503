import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { transpose } from '../../../lib/ops/shape/transpose';
import { build, type NdArray } from '../../support/array';
import { expectArray, expectEach, expectSameBits, expectShape } from '../../support/compare';
import { arraysOf, tensorOf } from '../../support/tensors';
import { dtypeOf, dtypesOf, inputsOf, outputsOf, toleranceOf, valuesOf, type Case, type Row } from '../row';

const SMALLEST_NORMAL = { float32: 2 ** -126, float64: 2 ** -1022 };

const listOf = (arrays: NdArray | readonly NdArray[]): readonly NdArray[] =>
  'shape' in arrays ? [arrays] : arrays;

/** Values, shapes and dtypes against the reference, in every float dtype. */
export async function checkValue(row: Row, of: Case): Promise<void> {
  const expected = listOf(row.reference(valuesOf(of), of.options));
  for (const float of dtypesOf(row)) {
    const outputs = outputsOf(row, inputsOf(of, float), of.options);
    const what = `${row.name}, ${of.name}, ${float}`;
    if (outputs.length !== expected.length) throw new Error(`${what}: ${expected.length} results expected`);
    const arrays = await arraysOf(outputs);
    for (const [i, array] of arrays.entries()) {
      const dtype = row.gives?.[i] ?? 'float';
      const wanted = dtype === 'float' ? float : dtype;
      if (outputs[i]!.dtype !== wanted)
        throw new Error(`${what}: ${wanted} expected, got ${outputs[i]!.dtype}`);
      expectArray(array, expected[i]!, toleranceOf(row, float), what);
    }
  }
}

/** NaN, infinities, zeros, the smallest and the largest numbers: every element by itself. */
export async function checkSpecial(row: Row, of: Case): Promise<void> {
  const expected = listOf(row.reference(valuesOf(of), of.options));
  for (const float of dtypesOf(row)) {
    const arrays = await arraysOf(outputsOf(row, inputsOf(of, float), of.options));
    for (const [i, { shape, data }] of arrays.entries()) {
      const what = `${row.name}, ${of.name}, ${float}`;
      expectShape(shape, expected[i]!.shape, what);
      const isFloat = (row.gives?.[i] ?? 'float') === 'float';
      const wanted = isFloat && float === 'float32' ? expected[i]!.data.map(Math.fround) : expected[i]!.data;
      expectEach(data, wanted, toleranceOf(row, float), SMALLEST_NORMAL[float], what);
    }
  }
}

/** Inputs that are transposed views of other data give the same bits. */
export async function checkLayout(row: Row, of: Case): Promise<void> {
  for (const float of dtypesOf(row)) {
    const straight = outputsOf(row, inputsOf(of, float), of.options);
    const turned = outputsOf(row, turnedInputs(of, float), of.options);
    await expectSame(straight, turned, `${row.name}, ${of.name}, ${float}, transposed inputs`);
  }
}

function turnedInputs(of: Case, float: 'float32' | 'float64'): Tensor[] {
  return valuesOf(of).map(({ shape, data }, i) => {
    const dtype = dtypeOf(of.inputs[i]!, float);
    if (shape.length < 2) return tensorOf(data, shape, dtype);
    const backwards = [...shape.keys()].reverse();
    const turned = build([...shape].reverse(), (index) => {
      const position = shape.reduce((at, extent, axis) => at * extent + index[shape.length - 1 - axis]!, 0);
      return data[position]!;
    });
    return transpose(tensorOf(turned.data, turned.shape, dtype), backwards);
  });
}

/** Throws unless both lists hold the same bits. */
export async function expectSame(a: readonly Tensor[], b: readonly Tensor[], what: string): Promise<void> {
  await evaluate([...a, ...b]);
  for (const [i, x] of a.entries()) expectSameBits(await b[i]!.data(), await x.data(), what);
}
