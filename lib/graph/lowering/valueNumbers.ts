import { sameValue, type Block, type Value } from './value';

/** Numbers for values, from 0: equal ones, which are the same elements read in the same way, have one number. */
export class ValueNumbers {
  #count = 0;
  /** Those at the beginning of a block: under how many shapes it is read does not grow with the program. */
  readonly #first = new Map<Block, Numbered[]>();
  /** Those further on, of which there may be many, by where they begin. */
  readonly #later = new Map<Block, Map<number, Numbered[]>>();

  get count(): number {
    return this.#count;
  }

  of(value: Value): number {
    const alike = this.#alike(value);
    for (const known of alike) {
      if (known.value === value) return known.number;
      if (known.value.passed === value.passed && sameValue(known.value, value)) return known.number;
    }
    alike.push({ value, number: this.#count });
    return this.#count++;
  }

  #alike({ block, offset }: Value): Numbered[] {
    if (offset === 0) return listIn(this.#first, block);
    let ofBlock = this.#later.get(block);
    if (!ofBlock) this.#later.set(block, (ofBlock = new Map<number, Numbered[]>()));
    return listIn(ofBlock, offset);
  }
}

interface Numbered {
  readonly value: Value;
  readonly number: number;
}

function listIn<K>(lists: Map<K, Numbered[]>, key: K): Numbered[] {
  let list = lists.get(key);
  if (!list) lists.set(key, (list = []));
  return list;
}
