import { isFloat, isHalf, type DType, type FloatDType } from '../../lib/graph/dtype';
import { roundToHalf } from '../../lib/graph/halves/halfBits';
import type { Tensor } from '../../lib/graph/tensor';
import type { NdArray } from '../support/array';
import { tensorOf } from '../support/tensors';

/** What a graph begins with. Only variables are differentiated. */
export interface Leaf {
  readonly array: NdArray;
  readonly dtype: DType;
  readonly variable: boolean;
}

/** One application of something that both sides know. */
export interface Application {
  readonly text: string;
  /** Numbers of values: the leaves come first, then the results of every application in order. */
  readonly inputs: readonly number[];
  readonly dtypes: readonly DType[];
  readonly run: (inputs: readonly Tensor[]) => readonly Tensor[];
  readonly reference: (inputs: readonly NdArray[]) => readonly NdArray[];
  /** The largest relative error that one application may make. */
  readonly tolerance: number;
}

/** A whole graph, without anything computed. */
export interface Graph {
  readonly seed: number;
  readonly float: FloatDType;
  /** How often it is differentiated. */
  readonly order: 0 | 1 | 2;
  /** What is done besides reading it and going back through it: derivatives forwards, or all of it for a batch. */
  readonly way: 'plain' | 'forward' | 'mapped';
  readonly leaves: readonly Leaf[];
  readonly applications: readonly Application[];
}

/** The dtype of every value. */
export const dtypesOf = ({ leaves, applications }: Graph): readonly DType[] => [
  ...leaves.map(({ dtype }) => dtype),
  ...applications.flatMap(({ dtypes }) => dtypes),
];

/** The number of the first result of every application. */
export function firstResults({ leaves, applications }: Graph): readonly number[] {
  let next = leaves.length;
  return applications.map(({ dtypes }) => (next += dtypes.length) - dtypes.length);
}

/** The values that nothing reads: what the graph is asked for. */
export function resultsOf(graph: Graph): readonly number[] {
  const read = new Set(graph.applications.flatMap(({ inputs }) => inputs));
  return [...dtypesOf(graph).keys()].filter((value) => value >= graph.leaves.length && !read.has(value));
}

/** Those of them that can be differentiated. */
export function floatResultsOf(graph: Graph): readonly number[] {
  const dtypes = dtypesOf(graph);
  return resultsOf(graph).filter((value) => isFloat(dtypes[value]!));
}

/** What a dtype holds of an array. */
export const heldIn = (dtype: DType, { shape, data }: NdArray): NdArray => ({
  shape,
  data: isHalf(dtype) ? data.map((x) => roundToHalf(dtype, x)) : data,
});

/** Changes the elements of a value: value number, elements. */
export type Disturbance = (value: number, array: NdArray) => NdArray;

/** Every value in plain float64 JavaScript, one application after the other; what floats of 16 bits hold is rounded. */
export function interpret(
  { leaves, applications }: Graph,
  given: readonly NdArray[] = leaves.map(({ array }) => array),
  disturb: Disturbance = (_value, array) => array,
): readonly NdArray[] {
  const values = given.map((array, i) => disturb(i, array));
  for (const { inputs, dtypes, reference } of applications) {
    reference(inputs.map((i) => values[i]!)).forEach((array, i) =>
      values.push(heldIn(dtypes[i]!, disturb(values.length, array))),
    );
  }
  return values;
}

/** Null where a disturbance leads out of what a reference is defined for. */
export function interpretIfPossible(
  ...given: Parameters<typeof interpret>
): ReturnType<typeof interpret> | null {
  try {
    return interpret(...given);
  } catch {
    return null;
  }
}

/** Every value as a lazy tensor of the engine. */
export function build({ applications }: Graph, leaves: readonly Tensor[]): readonly Tensor[] {
  const values = [...leaves];
  for (const { inputs, run } of applications) values.push(...run(inputs.map((i) => values[i]!)));
  return values;
}

export const leafTensors = ({ leaves }: Graph): Tensor[] =>
  leaves.map(({ array, dtype }) => tensorOf(array.data, array.shape, dtype));

/** The graph as a list of what it does. */
export function describe(graph: Graph): string {
  const { seed, float, order, way, leaves, applications } = graph;
  const starts = firstResults(graph);
  const lines = applications.map(({ text, inputs, dtypes }, i) => {
    const results = dtypes.map((_, k) => `v${starts[i]! + k}`).join(', ');
    return `  ${results} = ${text}(${inputs.map((i) => `v${i}`).join(', ')})`;
  });
  const given = leaves.map(({ array, dtype }, i) => `  v${i}: ${dtype} [${array.shape.join(', ')}]`);
  return [`seed ${seed}, ${float}, order ${order}, ${way}`, ...given, ...lines].join('\n');
}
