// Tensors of more than 2^31 elements: largeTensors FOLDER MOST, with MOST bytes for a question at most. Their indices do not fit 32 bits, their bytes do not fit one array.
import { readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

import { tensor } from '../../../lib/graph/create';
import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { readSafetensors } from '../../../lib/io/safetensors';
import { writeSafetensors } from '../../../lib/io/writeSafetensors';
import { memory, setThreads, trimMemory } from '../../../lib/native';
import {
  argmax,
  argsort,
  broadcastTo,
  concat,
  equal,
  full,
  iota,
  max,
  reshape,
  slice,
  sum,
  take,
  topk,
} from '../../../lib/ops';
import { codeOf } from './addon';

export interface LargeTensorsReport {
  /** What was asked and what came, in the order of the questions. */
  readonly answers: Readonly<Record<string, unknown>>;
  /** What this machine has too little room for, with what there is. */
  readonly skipped: readonly string[];
  readonly liveBytes: number;
}

const GIB = 2 ** 30;
const HALF = 2 ** 31;
/** The last elements; the others are zeros. */
const TAIL = [1, 2, 9, 4, 5];
const COUNT = HALF + TAIL.length;

const answers: Record<string, unknown> = {};
const skipped: string[] = [];
let mostBytes = 0;

function available(): number {
  const line = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Asks when there is room for so many bytes more. */
async function ask(name: string, bytes: number, room: number, question: () => unknown): Promise<void> {
  trimMemory();
  if (bytes > mostBytes) {
    skipped.push(`${name}: left to the full size`);
    return;
  }
  if (room < bytes) {
    skipped.push(`${name}: ${(room / GIB).toFixed(1)} of ${(bytes / GIB).toFixed(1)} GiB`);
    return;
  }
  answers[name] = await Promise.resolve()
    .then(question)
    .catch((error: unknown) => codeOf(error) ?? String(error));
}

const listOf = async (x: Tensor): Promise<number[]> => [...(await x.data())].map(Number);
/** From two elements before 2^31. */
const tailOf = (x: Tensor): Promise<number[]> => listOf(slice(x, { starts: [HALF - 2] }));

async function main(): Promise<void> {
  const [, , folder = '', most = '0'] = process.argv;
  mostBytes = Number(most);
  setThreads(2);
  const before = memory().liveBytes;
  if (available() < 6 * GIB) {
    skipped.push(`all: ${(available() / GIB).toFixed(1)} of 6.0 GiB`);
  } else {
    const zeros = broadcastTo(full([1], 0, 'uint8'), [HALF]);
    const x = await evaluate(concat([zeros, tensor(Uint8Array.from(TAIL))]));
    zeros.dispose();
    await questions(x, folder);
    x.dispose();
  }
  const report: LargeTensorsReport = { answers, skipped, liveBytes: memory().liveBytes - before };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function questions(x: Tensor, folder: string): Promise<void> {
  const small = 0.5 * GIB;
  await ask('shape', 0, 1, () => x.shape);
  await ask('slice', small, available(), () => tailOf(x));
  await ask('strided slice', small, available(), () => listOf(slice(x, { starts: [2], steps: [HALF] })));
  await ask('rows', small, available(), () =>
    listOf(slice(reshape(x, [1, COUNT]), { starts: [0, COUNT - 3] })),
  );
  await ask('max', small, available(), () => max(x).item());
  await ask('take by int32', small, available(), () => listOf(take(x, tensor(Int32Array.of(0, HALF - 1)))));
  // int32 has no numbers for these places: named errors, before anything is computed.
  const beyond = tensor(BigInt64Array.of(BigInt(HALF) + 2n));
  await ask('take by int64', small, available(), () => listOf(take(x, beyond)));
  await ask('argmax', small, available(), () => argmax(x).item());
  await ask('iota', small, available(), () => iota(COUNT).shape);
  await ask('argsort', small, available(), async () => (await evaluate(argsort(x))).shape);
  await ask('topk', small, available(), async () => (await evaluate(topk(x, 1).indices)).shape);
  // Rows that int32 can count have their places.
  await ask('argmax of rows', 2.5 * 4 * GIB, available(), () =>
    listOf(argmax(reshape(slice(x, { starts: [3], stops: [HALF + 3] }), [2, HALF / 2]), { axis: 1 })),
  );
  await ask('bool', 4.5 * GIB, available(), async () => {
    using isNine = await evaluate(equal(x, tensor(Uint8Array.of(9))));
    return [isNine.dtype, ...(await tailOf(isNine))];
  });
  // In int32, which is four times as large.
  await ask('sum', 9.5 * GIB, available(), () => sum(x).item());
  const { bavail, bsize } = statfsSync(folder);
  await ask('saved and loaded', 3 * GIB, Math.min(available(), bavail * bsize), async () => {
    const path = join(folder, 'large.safetensors');
    await writeSafetensors(path, [['x', x]]);
    const loaded = (await readSafetensors(path)).tensor('x');
    const tail = await tailOf(loaded);
    const [largest, { shape }] = [await max(loaded).item(), loaded];
    loaded.dispose();
    rmSync(path);
    return [...shape, ...tail, largest];
  });
}

void main();
