import '../../lib/index'; // defines every op
import { fuse } from '../../lib/graph/lowering/fuse';
import { lower } from '../../lib/graph/lowering/lower';
import { tensor } from '../../lib/graph/create';
import { ops, several, type Several } from '../../lib/graph/op';
import { formatShape, sizeOf, type Shape } from '../../lib/graph/shape';
import { Tensor } from '../../lib/graph/tensor';
import { square } from '../../lib/ops/elementwise/arithmetic';
import { key, normal, randomInteger } from '../../lib/random';

/** An input of a row: equal keys at equal places are the same tensor. */
export interface Input {
  readonly key: string;
  /** A lazy tensor, or one with data when it is small. */
  readonly make: (seed: number) => Tensor;
}

/** Standard normal float32 numbers. */
export const floats = (...shape: Shape): Input => ({
  key: `floats ${formatShape(shape)}`,
  make: (seed) => normal(key(seed), shape),
});

/** Their squares: importances and second moments. */
export const squares = (...shape: Shape): Input => ({
  key: `squares ${formatShape(shape)}`,
  make: (seed) => square(normal(key(seed), shape)),
});

/** int32 numbers from 0 to below `high`, in no order. */
export const indices = (high: number, ...shape: Shape): Input => ({
  key: `indices ${high} ${formatShape(shape)}`,
  make: (seed) => randomInteger(key(seed), shape, { high }),
});

/** A few float64 numbers. */
export const settings = (...values: readonly number[]): Input => ({
  key: `settings ${values.join(' ')}`,
  make: () => tensor(Float64Array.from(values)),
});

export const randomKey: Input = { key: 'key', make: (seed) => key(seed) };

/** One kernel at one size. */
export interface Row {
  readonly kernel: string;
  /** Tells rows of one kernel apart. */
  readonly detail: string;
  readonly inputs: readonly Input[];
  /** Must become one instruction, of the kernel. */
  readonly run: (inputs: Several<Tensor>) => Tensor | readonly Tensor[];
  /** Floating-point operations, a multiply-add counting as two. Default: what counts is bytes. */
  readonly flops?: number;
  /** The row, by name, that shows what this one could cost. */
  readonly against?: string;
}

export interface Family {
  readonly name: string;
  readonly about: string;
  readonly rows: readonly Row[];
}

export const nameOf = ({ kernel, detail }: Row): string => (detail === '' ? kernel : `${kernel} ${detail}`);

/** Applies an op that has no public function. */
export function applied(name: string, inputs: readonly Tensor[], attributes: object = {}): readonly Tensor[] {
  const op = ops.get(name);
  if (!op) throw new Error(`no op '${name}'`);
  return op(inputs, attributes);
}

export const outputsOf = (row: Row, inputs: readonly Tensor[]): readonly Tensor[] => {
  const outputs = row.run(several(inputs));
  return outputs instanceof Tensor ? [outputs] : outputs;
};

export interface Work {
  /** The kernels of the instructions that a row becomes: its own, once. */
  readonly kernels: readonly string[];
  /** Bytes of all inputs and outputs. */
  readonly bytes: number;
}

/** What a row makes the engine do; nothing is computed. */
export function workOf(row: Row): Work {
  const placeholders = row.inputs.map(({ make }) => {
    const { shape, dtype } = make(0);
    return new Tensor({ shape, dtype });
  });
  const outputs = outputsOf(row, placeholders);
  const kernels = fuse(lower(outputs, placeholders)).map((step) => step.kernel);
  return { kernels, bytes: [...placeholders, ...outputs].reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Twice the product of some numbers: the FLOPs of a product of matrices with these extents. */
export const multiplyAdds = (...extents: readonly number[]): number => 2 * sizeOf(extents);
