import { Bench } from 'tinybench';

import { summaryOf, type Summary } from './statistics';
import type { Contender } from './subject';

export interface Effort {
  readonly rounds: number;
  /** Per contender and round: at least so many runs, and at least so many milliseconds of them. */
  readonly runs: number;
  readonly milliseconds: number;
}

export const FULL: Effort = { rounds: 7, runs: 4, milliseconds: 20 };
export const QUICK: Effort = { rounds: 3, runs: 2, milliseconds: 2 };

/**
 * Times contenders in rounds, all of them in every round: whatever slows the machine down for a while meets all alike.
 * Times are in milliseconds.
 */
export async function measure(
  contenders: readonly Contender[],
  { rounds, runs, milliseconds }: Effort,
): Promise<ReadonlyMap<string, Summary>> {
  // The first runs fill caches and the allocator.
  for (const contender of contenders) await contender.run();
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({
      iterations: runs,
      time: milliseconds,
      warmup: false,
      retainSamples: true,
      throws: true,
    });
    for (const { name, run } of contenders) bench.add(name, run, { async: true });
    for (const { name, result } of await bench.run()) {
      if (result.state !== 'completed') throw new Error(`${name}: the run ended as ${result.state}`);
      samples.get(name)?.push(...(result.latency.samples ?? []));
    }
  }
  return new Map([...samples].map(([name, times]) => [name, summaryOf(times)]));
}
