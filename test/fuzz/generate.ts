import { isFloat, isHalf, type DType, type FloatDType } from '../../lib/graph/dtype';
import { sameShape, sizeOf, type Shape } from '../../lib/graph/shape';
import { cast } from '../../lib/ops/elementwise/arithmetic';
import { outputsOf, toleranceOf, valuesOf, type Case, type Row, type Sample } from '../ops/row';
import type { NdArray } from '../support/array';
import { heldIn, type Application, type Graph, type Leaf } from './graph';
import { Random } from './random';
import { squashed, viewsBetween } from './views';

/** Graphs of this many ops at most, views not counted. */
const MOST_OPS = 8;
/** Five times in eight float64: only there derivatives can be checked. */
const FLOATS = [
  ...Array<FloatDType>(10).fill('float64'),
  ...Array<FloatDType>(4).fill('float32'),
  'bfloat16',
  'float16',
] as const;
const LARGEST = 600;
const STEEPEST = 1e4;
const DEFAULT_RANGE = [-2, 2] as const;
const SHAPES: readonly Shape[] = [[3, 4], [3, 4], [4], [2, 3, 4], [5], [4, 4], [1, 3], [2, 2, 3, 2]];
/** One rounding and a few more: what views and squashes may add. */
const ROUNDINGS = { float32: 1e-6, float64: 1e-14, bfloat16: 2 ** -7, float16: 2 ** -10 } as const;

export interface Vocabulary {
  readonly rows: readonly Row[];
  /** Names of rows that get no other inputs than their own. */
  readonly particular?: ReadonlySet<string>;
  /** Take this row in every graph: to see whether its fault is found. */
  readonly always?: Row;
}

const givesFloats = ({ gives = ['float'] }: Row): boolean =>
  gives.some((dtype) => dtype === 'float' || isFloat(dtype));

/** Whether a row may stand in a graph that is differentiated so often. A piecewise constant one without floats always may. */
const allows = (row: Row, order: number): boolean =>
  order === 0 || !givesFloats(row) || (row.orders ?? 2) >= order;

/** The graph of a seed; with fewer ops its beginning. */
export function graphOf(seed: number, vocabulary: Vocabulary, ops = MOST_OPS): Graph {
  return new Generator(seed, vocabulary).graph(ops);
}

class Generator {
  readonly #random: Random;
  readonly #float: FloatDType;
  readonly #order: 0 | 1 | 2;
  readonly #way: Graph['way'];
  readonly #rows: readonly Row[];
  readonly #leaves: Leaf[] = [];
  readonly #applications: Application[] = [];
  /** Every value so far: leaves are numbered after the fact, so values know what they are. */
  readonly #values: { readonly array: NdArray; readonly dtype: DType; readonly leaf: number }[] = [];

  constructor(
    readonly seed: number,
    readonly vocabulary: Vocabulary,
  ) {
    this.#random = new Random(seed);
    this.#float = this.#random.pick(FLOATS);
    // Differences say something in float64 alone.
    this.#order = this.#float === 'float64' ? this.#random.pick([0, 1, 1, 2] as const) : 0;
    this.#way = this.#random.pick(['plain', 'forward', 'mapped'] as const);
    const computed = isHalf(this.#float) ? 'float32' : this.#float;
    const isUsable = (row: Row): boolean =>
      allows(row, this.#order) && (row.dtypes ?? [computed]).includes(computed);
    this.#rows = vocabulary.rows.filter(isUsable);
  }

  graph(ops: number): Graph {
    for (let i = 0; i < 3; i++) {
      const shape = this.#random.pick(SHAPES);
      this.#leaf({ shape, data: this.#random.numbers(sizeOf(shape), ...DEFAULT_RANGE) }, this.#float, true);
    }
    const wanted = 1 + this.#random.below(MOST_OPS);
    for (let made = 0; made < Math.min(ops, wanted); made++) {
      const forced = made === 0 ? this.vocabulary.always : undefined;
      for (let attempt = 0; attempt < 20; attempt++) if (this.#apply(forced)) break;
    }
    return this.#numbered();
  }

  /** Leaves first: a constant may have been made late. */
  #numbered(): Graph {
    const places = this.#values.map(({ leaf }) => leaf);
    let next = this.#leaves.length;
    places.forEach((leaf, i) => (places[i] = leaf >= 0 ? leaf : next++));
    return {
      seed: this.seed,
      float: this.#float,
      order: this.#order,
      way: this.#way,
      leaves: this.#leaves,
      applications: this.#applications.map((application) => ({
        ...application,
        inputs: application.inputs.map((value) => places[value]!),
      })),
    };
  }

  #leaf(given: NdArray, dtype: DType, variable: boolean): number {
    const array = heldIn(dtype, given);
    this.#leaves.push({ array, dtype, variable });
    this.#values.push({ array, dtype, leaf: this.#leaves.length - 1 });
    return this.#values.length - 1;
  }

  #add(application: Application, arrays: readonly NdArray[]): number {
    this.#applications.push(application);
    arrays.forEach((array, i) => {
      const dtype = application.dtypes[i]!;
      this.#values.push({ array: heldIn(dtype, array), dtype, leaf: -1 });
    });
    return this.#values.length - arrays.length;
  }

  /** Adds one op with whatever its inputs need; takes all of it back when its results are of no use. */
  #apply(forced: Row | undefined): boolean {
    const row = forced ?? this.#random.pick(this.#rows);
    const of = this.#random.pick(row.cases);
    const before = [this.#leaves.length, this.#applications.length, this.#values.length] as const;
    const inputs = this.#inputs(of, this.vocabulary.particular?.has(row.name) ?? false);
    const isMade = inputs !== null && this.#result(row, of, inputs);
    if (!isMade) {
      this.#leaves.length = before[0];
      this.#applications.length = before[1];
      this.#values.length = before[2];
    }
    return isMade;
  }

  #inputs(of: Case, own: boolean): number[] | null {
    if (of.inputs.some(({ shape }) => sizeOf(shape) > LARGEST)) return null;
    const inputs: number[] = [];
    for (const which of of.inputs.keys()) {
      const input = this.#input(of, which, own);
      if (input === null) return null;
      inputs.push(input);
    }
    return inputs;
  }

  #input(of: Case, which: number, own: boolean): number | null {
    const { dtype = 'float', values, constant = false, range, shape } = of.inputs[which]!;
    const variable = dtype === 'float' && values === undefined && !constant;
    if (variable && !own) return this.#fitting(shape, range);
    return this.#leaf(valuesOf(of)[which]!, dtype === 'float' ? this.#float : dtype, variable);
  }

  /** A value of the given shape within the range, made from one there is. */
  #fitting(shape: Shape, range: Sample['range']): number | null {
    // Rows bring special numbers with them.
    const finite = [...this.#values.keys()].filter((value) =>
      this.#values[value]!.array.data.every((x) => Number.isFinite(x)),
    );
    const same = finite.filter((value) => sameShape(this.#values[value]!.array.shape, shape));
    let value = this.#random.pick(same.length > 0 && this.#random.chance(0.6) ? same : finite);
    const { dtype, array } = this.#values[value]!;
    if (dtype !== this.#float) {
      value = this.#view(value, {
        text: `cast[${this.#float}]`,
        shape: array.shape,
        run: (x) => cast(x, this.#float),
        reference: (x) => x,
      });
    }
    const views = viewsBetween(this.#random, array.shape, shape);
    if (!views) return null;
    for (const view of views) value = this.#view(value, view);
    const [low, high] = range ?? DEFAULT_RANGE;
    const { data } = this.#values[value]!.array;
    const isInside = data.every((x) => x >= low && x <= high);
    return isInside ? value : this.#view(value, squashed(shape, low, high));
  }

  #view(value: number, { text, run, reference }: ReturnType<typeof squashed>): number {
    const application: Application = {
      text,
      inputs: [value],
      dtypes: [this.#float],
      run: ([x]) => [run(x!)],
      reference: ([x]) => [reference(x!)],
      tolerance: ROUNDINGS[this.#float],
    };
    return this.#add(application, application.reference([this.#values[value]!.array]));
  }

  #result(row: Row, of: Case, inputs: readonly number[]): boolean {
    const reference = (arrays: readonly NdArray[]): readonly NdArray[] => {
      const results = row.reference(arrays, of.options);
      return 'shape' in results ? [results] : results;
    };
    let arrays: readonly NdArray[];
    try {
      arrays = reference(inputs.map((value) => this.#values[value]!.array));
    } catch {
      // No reference for these: a singular matrix.
      return false;
    }
    // An op without inputs gives what is usual.
    const isMade = of.inputs.every(({ dtype = 'float' }) => dtype !== 'float');
    const dtypes = arrays.map((_, i) => {
      const dtype = row.gives?.[i] ?? 'float';
      if (dtype !== 'float') return dtype;
      return isMade && isHalf(this.#float) ? 'float32' : this.#float;
    });
    const isUseful = ({ shape, data }: NdArray, i: number): boolean =>
      sizeOf(shape) <= LARGEST && (!isFloat(dtypes[i]!) || data.every((x) => Math.abs(x) <= STEEPEST));
    if (!arrays.every(isUseful)) return false;
    const application: Application = {
      text: `${row.name}<${of.name}>`,
      inputs,
      dtypes,
      run: (tensors) => outputsOf(row, tensors, of.options),
      reference,
      tolerance: isHalf(this.#float)
        ? (row.halves?.times ?? 1) * ROUNDINGS[this.#float]
        : toleranceOf(row, this.#float),
    };
    this.#add(application, arrays);
    return true;
  }
}
