import { sizeOf, type Shape } from '../graph/shape';
import { stamp, type Features, type Stamp } from './patch';

/** Examples in memory, and what is drawn over each of them when it is read. */
interface Source {
  readonly features: Features;
  readonly stamps: readonly Stamp[];
}

/**
 * Which examples a set has, as places in arrays that many sets share. Choosing, joining and patching make new lists of
 * places; the numbers themselves are copied when they are read, and never changed.
 */
export class Rows {
  private constructor(
    readonly exampleShape: Shape,
    private readonly sources: readonly Source[],
    private readonly sourceOf: Int32Array,
    private readonly rowOf: Int32Array,
  ) {}

  /** All examples of an array, whose length must be a multiple of an example's. */
  static of(features: Features, exampleShape: Shape, size: number): Rows {
    const rowOf = Int32Array.from({ length: size }, (_, row) => row);
    return new Rows(exampleShape, [{ features, stamps: [] }], new Int32Array(size), rowOf);
  }

  get size(): number {
    return this.rowOf.length;
  }

  /** The arrays that the examples lie in. */
  get arrays(): readonly Features[] {
    return this.sources.map(({ features }) => features);
  }

  get bytes(): boolean {
    return this.sources.every(({ features }) => features instanceof Uint8Array);
  }

  /** The examples at these positions, which must be in range; one may come several times. */
  select(positions: Int32Array): Rows {
    const at = (list: Int32Array): Int32Array => positions.map((position) => list[position] ?? 0);
    return new Rows(this.exampleShape, this.sources, at(this.sourceOf), at(this.rowOf));
  }

  /** These examples, then those of the other. */
  concat(other: Rows): Rows {
    const sources = [...this.sources];
    const numbers = other.sources.map((source) => {
      const known = sources.indexOf(source);
      return known >= 0 ? known : sources.push(source) - 1;
    });
    const sourceOf = joined(
      this.sourceOf,
      other.sourceOf.map((number) => numbers[number] ?? 0),
    );
    return new Rows(this.exampleShape, sources, sourceOf, joined(this.rowOf, other.rowOf));
  }

  /** The same examples, those at the given positions with the stamp drawn over them. */
  stamped(mark: Stamp, positions: Int32Array): Rows {
    const stamped = this.sources.map(({ features, stamps }) => ({ features, stamps: [...stamps, mark] }));
    const sourceOf = this.sourceOf.slice();
    for (const position of positions) {
      sourceOf[position] = (this.sourceOf[position] ?? 0) + this.sources.length;
    }
    return new Rows(this.exampleShape, [...this.sources, ...stamped], sourceOf, this.rowOf);
  }

  /** A copy of the examples at these positions, one after the other. */
  read(positions: Int32Array): Features {
    const length = sizeOf(this.exampleShape);
    const target = this.bytes
      ? new Uint8Array(positions.length * length)
      : new Float32Array(positions.length * length);
    for (const [i, position] of positions.entries()) {
      const source = this.sources[this.sourceOf[position] ?? 0];
      if (!source) continue;
      const begin = (this.rowOf[position] ?? 0) * length;
      target.set(source.features.subarray(begin, begin + length), i * length);
      for (const mark of source.stamps) stamp(mark, target, i * length, this.exampleShape);
    }
    return target;
  }
}

/** The numbers of a, then those of b. */
export function joined(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
