// Compares the external memory that the collector has been told of with what the engine says its handles hold, after each
// of many operations.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { tensor } from '../../../lib/graph/create';
import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { wrap } from '../../../lib/graph/wrap';
import { readSafetensors } from '../../../lib/io/safetensors';
import { writeSafetensors } from '../../../lib/io/writeSafetensors';
import { memory } from '../../../lib/native';
import { mul } from '../../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../../lib/ops/products/matmul';
import { reshape } from '../../../lib/ops/shape/reshape';
import { sum } from '../../../lib/ops/reduce/sum';
import { slice } from '../../../lib/ops/shape/slice';
import { memoryAtRest } from '../../support/garbage';

export interface AccountingReport {
  readonly operations: number;
  /** Operations after which the two disagreed, with the difference in bytes. */
  readonly differences: readonly string[];
  /** The most bytes that handles held. */
  readonly peakBytes: number;
}

/**
 * What the collector has been told of beyond what handles hold, but for array buffers: it must never change. Both numbers of
 * array buffers change in a collection (the process runs without the thread that would sweep them later, which is told of in
 * one number at once and in the other when the collector runs the next time), so they agree unless one comes between.
 */
function surplusBytes(): number {
  for (;;) {
    const { arrayBuffers } = process.memoryUsage();
    const { externalBytes, handleBytes } = memory();
    if (process.memoryUsage().arrayBuffers === arrayBuffers)
      return externalBytes - arrayBuffers - handleBytes;
  }
}

async function main(): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'palimpsest-accounting-')), 'weights.safetensors');
  const held: Tensor[] = [];
  const borrowed = new Float32Array(1 << 16);
  const hold = (x: Tensor): void => void held.push(x);
  const steps: Readonly<Record<string, () => unknown>> = {
    create: () => hold(tensor(new Float32Array(1000))),
    'create an empty one': () => hold(tensor(new Float32Array(0))),
    'create a large one': () => hold(tensor(new Float64Array(1 << 18))),
    compute: async () => hold(await evaluate(mul(held[0]!, 2))),
    'compute a view': async () => hold(await evaluate(reshape(held[0]!, [10, 100]))),
    'view a part': async () => hold(await evaluate(slice(held[2]!, { starts: [1000] }))),
    'compute a part': async () => hold(await evaluate(slice(mul(held[2]!, 2), { starts: [1000] }))),
    borrow: () => hold(wrap(borrowed)),
    'compute a product': async () => hold(await evaluate(matmul(held[4]!, reshape(held[0]!, [100, 10])))),
    'compute and drop': () => evaluate(mul(held[0]!, 3)),
    read: () => sum(held[0]!).item(),
    write: () => writeSafetensors(path, [['a', held[2]!]]),
    load: async () => hold((await readSafetensors(path)).tensor('a')),
    'fail to compute': () =>
      evaluate(mul(held[0]!, 2), { signal: AbortSignal.abort() }).catch(() => undefined),
    'dispose one': () => held.pop()?.dispose(),
    'dispose it again': () => {
      held[1]!.dispose();
      held[1]!.dispose();
    },
    'drop one': () => void held.pop(),
    collect: memoryAtRest,
  };
  // Once to warm up: what Node keeps for itself, for the measurement too, is then there.
  for (const run of Object.values(steps)) await run();
  surplusBytes();
  for (const x of held.splice(0)) x.dispose();
  await memoryAtRest();
  const base = surplusBytes();
  const differences: string[] = [];
  let operations = 0;
  let peakBytes = 0;
  for (let round = 0; round < 20; round++) {
    for (const [name, run] of Object.entries(steps)) {
      await run();
      operations += 1;
      const difference = surplusBytes() - base;
      peakBytes = Math.max(peakBytes, memory().handleBytes);
      if (difference !== 0) differences.push(`${name}: ${difference}`);
    }
    for (const x of held.splice(0)) x.dispose();
  }
  rmSync(join(path, '..'), { recursive: true });
  const report: AccountingReport = { operations, differences, peakBytes };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

void main();
