import type { DType, WideFloatDType } from '../../lib/graph/dtype';
import { isFloat } from '../../lib/graph/dtype';
import { sizeOf, type Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import type { NdArray } from '../support/array';
import { sequence, shuffled } from '../support/sequence';
import { tensorOf } from '../support/tensors';

/** One input of an op: its shape and what its elements are like. */
export interface Sample {
  readonly shape: Shape;
  /** `float` stands for each of the float dtypes of the row in turn. Default `float`. */
  readonly dtype?: DType | 'float';
  /** The elements are spread evenly over this range, none twice. Default [-2, 2]; for int32 [0, 4]. */
  readonly range?: readonly [low: number, high: number];
  /** The elements themselves, where it matters which. */
  readonly values?: readonly number[];
  /** A float that has no derivative. */
  readonly constant?: boolean;
}

export interface Case {
  readonly name: string;
  readonly inputs: readonly Sample[];
  readonly options?: any;
}

/** A case with inputs of some shapes. */
export const ofShapes = (name: string, options: unknown, ...shapes: readonly Shape[]): Case => ({
  name,
  inputs: shapes.map((shape) => ({ shape })),
  options,
});

/** A way to give examples to an op: where they are in each input (null: shared by all) and in its result. */
export interface ExampleUse {
  readonly axes: readonly (number | null)[];
  /** The axis of the result, or the result as [examples, ...]. */
  readonly output: number | ((y: Tensor, examples: number) => Tensor);
  /** The case it applies to. Default: the first. */
  readonly of?: string;
}

/** A use of an op that mixes examples: it must be refused, by name. */
export interface MixedUse {
  readonly axes: readonly (number | null)[];
  readonly of?: string;
}

export interface Row {
  readonly name: string;
  /** The registered ops that this row is the test of. Default: its name. */
  readonly covers?: readonly string[];
  readonly run: (inputs: readonly Tensor[], options: any) => Tensor | readonly Tensor[];
  /** The same in plain float64 JavaScript. */
  readonly reference: (inputs: readonly NdArray[], options: any) => NdArray | readonly NdArray[];
  /** dtypes of the results. Default: `float` for each. */
  readonly gives?: readonly (DType | 'float')[];
  /** The first is the usual one; there must be one with empty inputs and one with inputs of size 1. */
  readonly cases: readonly Case[];
  /** Why there is no such case. */
  readonly without?: { readonly empty?: string; readonly size1?: string };
  /** NaN, infinities and the like: values only. */
  readonly special?: readonly Case[];
  /** Big enough to be cut up between threads. */
  readonly large?: Case;
  /** How often it can be differentiated; 0 for constants. Default 2. */
  readonly orders?: 0 | 1 | 2;
  /** dtypes that `float` stands for. Default: both. */
  readonly dtypes?: readonly WideFloatDType[];
  /** Largest relative error against the reference. */
  readonly tolerance?: Partial<Record<WideFloatDType, number>>;
  /** How many times the ordinary tolerance is granted to 16-bit floats, and why not to the gradient: default 1. */
  readonly halves?: { readonly times?: number; readonly withoutGradient?: string };
  readonly examples?: readonly ExampleUse[];
  readonly mixes?: readonly MixedUse[];
}

/** A few roundings; sums of the lengths in the table add no more. */
const TOLERANCE: Record<WideFloatDType, number> = { float32: 1e-6, float64: 1e-14 };

export const toleranceOf = (row: Row, dtype: WideFloatDType): number =>
  row.tolerance?.[dtype] ?? TOLERANCE[dtype];
export const dtypesOf = (row: Row): readonly WideFloatDType[] => row.dtypes ?? ['float32', 'float64'];
export const coveredBy = (row: Row): readonly string[] => row.covers ?? [row.name];

const known = new WeakMap<Case, readonly NdArray[]>();

/** The elements of every input of a case, the same in every dtype. */
export function valuesOf(of: Case): readonly NdArray[] {
  const values = known.get(of) ?? of.inputs.map(valuesOfSample);
  known.set(of, values);
  return values;
}

function valuesOfSample({ shape, dtype = 'float', range, values }: Sample, which: number): NdArray {
  if (values) return { shape, data: Float64Array.from(values) };
  const size = sizeOf(shape);
  const order = Float64Array.from(shuffled(size, sequence(1 + which)));
  if (dtype === 'bool') return { shape, data: order.map((k) => k % 2) };
  if (dtype !== 'float' && !isFloat(dtype)) {
    const [low, high] = range ?? [0, 4];
    return { shape, data: order.map((k) => low + (k % (high - low))) };
  }
  const [low, high] = range ?? [-2, 2];
  // Never the middle of the range, and not the same for two inputs: kinks are there.
  const shift = 0.3 + 0.17 * which;
  return { shape, data: order.map((k) => Math.fround(low + ((high - low) * (k + shift)) / size)) };
}

export const dtypeOf = ({ dtype = 'float' }: Sample, float: WideFloatDType): DType =>
  dtype === 'float' ? float : dtype;

export const inputsOf = (of: Case, float: WideFloatDType): Tensor[] =>
  valuesOf(of).map(({ shape, data }, i) => tensorOf(data, shape, dtypeOf(of.inputs[i]!, float)));

/** Which inputs can be differentiated. */
export const variablesOf = ({ inputs }: Case): number[] =>
  inputs.flatMap((sample, i) =>
    (sample.dtype ?? 'float') === 'float' && sample.constant !== true ? [i] : [],
  );

export const caseOf = (row: Row, name: string | undefined): Case => {
  const found = name === undefined ? row.cases[0] : row.cases.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`${row.name}: no case '${name}'`);
  return found;
};

/** The op as a function of its variables alone, with float results alone. */
export function functionOf(
  row: Row,
  of: Case,
  inputs: readonly Tensor[],
): (variables: readonly Tensor[]) => Tensor[] {
  const places = variablesOf(of);
  return (variables) => {
    const given = inputs.map((input, i) => (places.includes(i) ? variables[places.indexOf(i)]! : input));
    return outputsOf(row, given, of.options).filter((output) => isFloat(output.dtype));
  };
}

export function outputsOf(row: Row, inputs: readonly Tensor[], options: any): readonly Tensor[] {
  const outputs = row.run(inputs, options);
  return 'shape' in outputs ? [outputs] : outputs;
}
