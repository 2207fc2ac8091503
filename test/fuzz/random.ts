import { sequence, shuffled } from '../support/sequence';

/** Choices that depend on a seed alone. */
export class Random {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = sequence(seed);
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** The numbers 0, ..., n - 1 in some order. */
  order(n: number): number[] {
    return shuffled(n, this.next);
  }

  /** Numbers in [low, high), as both float dtypes hold them. */
  numbers(count: number, low: number, high: number): Float64Array {
    return Float64Array.from({ length: count }, () => Math.fround(this.between(low, high)));
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** -1 or 1 for every element. */
  signs(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => (this.chance(0.5) ? 1 : -1));
  }
}
