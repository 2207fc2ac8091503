import { NotDifferentiableError, PalimpsestError } from '../errors';
import { checkInputs } from './call';
import type { ExampleAxis } from './exampleAxis';
import type { Shape } from './shape';
import { Node, Tensor, type Spec } from './tensor';

/**
 * As many as the op at hand has. Its own shape rule has checked the number, so its rules take them apart by position
 * without asking again.
 */
export type Several<T> = readonly [T, T, T, T, T, T, T, T, ...T[]];

/** Hands a list to the rules of an op. */
export const several = <T>(items: readonly T[]): Several<T> => items as unknown as Several<T>;

/** How an op becomes an instruction. */
export type Lowering<A> =
  /** A native kernel of its own. `views` gives the canonical shapes that the kernel wants to see. */
  | {
      readonly kernel: string;
      /**
       * The kernel moves elements without computing, so 16-bit floats need no float32 copy; or it is a product that reads
       * its first two inputs in 16 bits, both, and gives float32. Default false.
       */
      readonly takesHalves?: boolean | 'sides';
      /**
       * Where the result is a stretch of the only input as it lies in memory: the number of its first element. It then
       * costs nothing. Undefined where it is not.
       */
      readonly window?: (attributes: A) => number | undefined;
      readonly attributes?: (
        attributes: A,
        inputs: Several<Spec>,
        outputs: Several<Spec>,
      ) => readonly number[];
      readonly views?: (
        attributes: A,
        inputs: Several<Spec>,
        outputs: Several<Spec>,
      ) => { readonly inputs: readonly Shape[]; readonly outputs: readonly Shape[] };
    }
  /** A step of a fused elementwise chain; inputs broadcast. */
  | { readonly elementwise: string; readonly immediate?: (attributes: A) => number }
  /** Each output is the bytes of the input at its place, possibly under another shape: costs nothing. */
  | 'alias'
  /** The same, but what is computed from the outputs is never merged with what is computed from the inputs. */
  | 'barrier';

/** A cotangent per output (zeros where none arrived), and per input what comes back; null where nothing does. */
export type ReverseRule<A> = (
  cotangents: Several<Tensor>,
  inputs: Several<Tensor>,
  outputs: Several<Tensor>,
  attributes: A,
  wanted: Several<boolean>,
) => readonly (Tensor | null)[];

/** A tangent per input, null where it is zero, and the tangents of the outputs. */
export type ForwardRule<A> = (
  tangents: Several<Tensor | null>,
  inputs: Several<Tensor>,
  outputs: Several<Tensor>,
  attributes: A,
) => readonly (Tensor | null)[];

/**
 * The per-example derivative with respect to something that all examples share: kept as factors where there are any.
 */
export type Site = ProductSite | ConvolutionSite | GatherSite | DenseSite;

/** `dL_n/dS = sum_t left[n, t, :]^T right[n, t, :]`, a matrix read in row-major order as `shape`. */
export interface ProductSite {
  readonly kind: 'product';
  readonly left: Tensor;
  readonly right: Tensor;
  readonly shape: Shape;
}

/**
 * The gradient of a convolution's weight [O, C / groups, kh, kw]: the product of `cotangent` with the patches of
 * `images`, read in row-major order as `shape`.
 */
export interface ConvolutionSite {
  readonly kind: 'convolution';
  readonly images: Tensor;
  readonly cotangent: Tensor;
  readonly geometry: ConvolutionGeometry;
  readonly kernel: readonly [height: number, width: number];
  readonly shape: Shape;
}

/**
 * The gradient of a table [rows, D] of which every example picks rows:
 * `dL_n/dS[v, :] = sum over t with indices[n, t] = v of cotangents[n, t, :]`, read in row-major order as `shape`.
 */
export interface GatherSite {
  readonly kind: 'gather';
  /** int32 [N, T]. */
  readonly indices: Tensor;
  /** [N, T, D]. */
  readonly cotangents: Tensor;
  readonly rows: number;
  readonly shape: Shape;
}

export interface ConvolutionGeometry {
  readonly stride: readonly [number, number];
  /** Zeros before the first and after the last row, and column. */
  readonly padding: readonly [rows: readonly [number, number], columns: readonly [number, number]];
  readonly dilation: readonly [number, number];
  /** The weight is [O, C / groups, kh, kw]: outputs of a group see the channels of the same group only. */
  readonly groups: number;
}

/** `values[n]` is dL_n/dS itself. */
export interface DenseSite {
  readonly kind: 'dense';
  readonly values: Tensor;
}

export interface ExampleRule<A> {
  /**
   * Where the example axis of the outputs is, given where it is in the inputs (null: shared by all examples; at least
   * one is not). `first` is that of the first input that has one. Throws through `mixes` when the op mixes examples.
   */
  readonly axis: (use: AxisUse<A>) => ExampleAxis;
  /** What makes up the per-example gradient of the shared input number `which`. */
  readonly site?: (use: SiteUse<A>) => Site;
  /**
   * For an op between a parameter and the examples (a transposition, `W + A B`): the site of input `which`, given that of
   * the output. Null when this op keeps no factors for it; the site then comes again as a dense one.
   */
  readonly through?: (use: ThroughUse<A>) => Site | null;
}

/** One step back from a shared tensor towards the parameters it is made of. */
export interface ThroughUse<A> {
  readonly site: Site;
  readonly which: number;
  readonly inputs: Several<Tensor>;
  readonly outputs: Several<Tensor>;
  readonly attributes: A;
}

/** The example axes of an op's inputs. */
export interface AxisUse<A> {
  readonly first: ExampleAxis;
  readonly axes: Several<ExampleAxis | null>;
  readonly inputs: Several<Spec>;
  readonly outputs: Several<Spec>;
  readonly attributes: A;
  readonly mixes: (why: string) => never;
}

/** One place where a shared tensor meets examples. */
export interface SiteUse<A> {
  readonly which: number;
  readonly inputs: Several<Tensor>;
  readonly outputs: Several<Tensor>;
  readonly cotangents: Several<Tensor>;
  readonly inputAxes: Several<ExampleAxis | null>;
  readonly outputAxis: ExampleAxis;
  readonly attributes: A;
}

/** An op for many inputs at once. */
export interface BatchUse<A> {
  /** Those of the batch have it on axis 0, in front of their own axes. */
  readonly inputs: Several<Tensor>;
  readonly batched: Several<boolean>;
  /** How many there are. */
  readonly count: number;
  /** Inputs and outputs of one of them. */
  readonly singles: Several<Tensor>;
  readonly outputs: Several<Spec>;
  readonly attributes: A;
  /** The op itself. */
  readonly apply: (inputs: readonly Tensor[], attributes: A) => readonly Tensor[];
}

/** All outputs, with the batch on axis 0; null where this op has no better way than its decomposition or a loop. */
export type BatchRule<A> = (use: BatchUse<A>) => readonly Tensor[] | null;

/** Everything there is to know about an op, but for its public function. */
export interface OpRecord<A> {
  /** Shapes and dtypes of the outputs; throws when the inputs do not fit together. */
  readonly infer: (inputs: Several<Spec>, attributes: A) => Spec | readonly Spec[];
  readonly lower: Lowering<A>;
  /**
   * How many floating-point operations an application makes, a multiply-add counting as two and everything else (also an
   * exponential) as one. Default: one per element of the first output; none for an alias.
   */
  readonly flops?: (inputs: Several<Spec>, outputs: Several<Spec>, attributes: A) => number;
  readonly vjp?: ReverseRule<A>;
  readonly jvp?: ForwardRule<A>;
  /** A composite op in terms of simpler ones: the fused kernel's slow twin, and its derivatives where it has no rule. */
  readonly decompose?: (inputs: Several<Tensor>, attributes: A) => Tensor | readonly Tensor[];
  readonly example?: ExampleRule<A>;
  /**
   * Which forward rule to derive: `linear` in all inputs jointly, or linear in each of them (`multilinear`). Attributes
   * stay; the tangents take the places of the inputs.
   */
  readonly linearity?: 'linear' | 'multilinear';
  /**
   * How `vmap` does the op for a batch; `each` when every output is that of the input at its place. Without it vmap goes
   * through the decomposition, or does one after the other.
   */
  readonly batch?: BatchRule<A> | 'each';
  /** The op has no derivative by nature (comparisons, indices): its outputs count as constants. */
  readonly constant?: boolean;
}

export interface Op<A = object> extends OpRecord<A> {
  readonly name: string;
  /** Applies the op; attributes must be plain JSON data. */
  (inputs: readonly Tensor[], attributes: A): readonly Tensor[];
}

const registry = new Map<string, Op>();

/** Every op there is, by name. The op table of the tests must have a row for each. */
export const ops: ReadonlyMap<string, Op> = registry;

/** Registers an op and returns what applies it. */
export function defineOp<A extends object>(name: string, record: OpRecord<A>): Op<A> {
  if (registry.has(name)) throw new PalimpsestError('ERR_INTERNAL', `op '${name}' is defined twice`);
  const apply = (inputs: readonly Tensor[], attributes: A): readonly Tensor[] => {
    for (const input of inputs) {
      if (!(input instanceof Tensor)) checkInputs(name, inputs);
      if (input.disposed) throw new PalimpsestError('ERR_DISPOSED', `${name}: an input was disposed`);
    }
    const specs = record.infer(several(inputs), attributes);
    return new Node(op as unknown as Op, inputs, attributes, 'shape' in specs ? [specs] : specs).outputs;
  };
  const op = Object.defineProperty(Object.assign(apply, record), 'name', { value: name }) as unknown as Op<A>;
  registry.set(name, op as unknown as Op);
  return op;
}

/** The single output of an op that has one. */
export function single(outputs: readonly Tensor[]): Tensor {
  const [output] = outputs;
  if (output === undefined || outputs.length !== 1)
    throw new PalimpsestError('ERR_INTERNAL', 'one output expected');
  return output;
}

/** Throws the error for an op without the rule that was asked for. */
export function notDifferentiable(op: Op, what: string): never {
  throw new NotDifferentiableError(`${op.name}: has no ${what}`);
}
