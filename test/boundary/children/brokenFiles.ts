// Files that the system does not give as it promised: brokenFiles FOLDER. Prints what was said of each.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { readSafetensors } from '../../../lib/io/safetensors';
import { native } from '../../../lib/native';
import { fileOf, one } from '../safetensorsFiles';
import { codeOf } from './addon';

/** Code and message by what was wrong; a file that this system cannot make is missing. */
export type BrokenFilesReport = Readonly<Record<string, readonly [code: string, message: string]>>;

const MAPPED_BYTES = 2 << 20;
/** More than there are addresses. */
const TOO_LARGE = 2 ** 52;
const MOST_TRIES = 200_000;
const ROOM_BYTES = 96 << 20;

const report: Record<string, readonly [string, string]> = {};
const said = (error: unknown): readonly [string, string] => [
  codeOf(error) ?? 'none',
  error instanceof Error ? error.message : String(error),
];

async function refused(name: string, open: () => Promise<unknown>): Promise<void> {
  try {
    await open();
    report[name] = ['none', 'it was read'];
  } catch (error) {
    report[name] = said(error);
  }
}

/** A worker changes the length back and forth while this thread opens the file; the header stays where it is. */
async function changing(path: string): Promise<void> {
  writeFileSync(path, fileOf('{}', MAPPED_BYTES));
  const worker = new Worker(join(__dirname, 'brokenFiles.ts'), { workerData: path });
  await new Promise((resolve) => worker.once('message', resolve));
  for (let round = 0; round < MOST_TRIES && !report['a changing size']; round++) {
    await native.openSafetensors(path).catch((error: unknown) => {
      const [code, message] = said(error);
      if (code !== 'ERR_FORMAT') report['a changing size'] = [code, message];
    });
  }
  await worker.terminate();
}

/** Small files are copied; the last copies find no room. */
async function withoutMemory(path: string): Promise<void> {
  writeFileSync(path, one('"U8"', '[1000000]', '[0,1000000]', 1_000_000));
  const used = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${Number(used![1]) * 1024 + ROOM_BYTES}`]);
  const held: unknown[] = [];
  await refused('no memory', async () => {
    for (let round = 0; round < 2 * (ROOM_BYTES / 1_000_000); round++)
      held.push(await native.openSafetensors(path));
  });
}

async function main(folder: string): Promise<void> {
  await refused('a zero byte', () => readSafetensors(join(folder, 'a\0b')));
  await refused('a folder', () => readSafetensors(folder));
  await refused('no file', () => readSafetensors(join(folder, 'none')));
  const file = join(folder, 'one.safetensors');
  writeFileSync(file, one('"U8"', '[4]', '[0,4]'));
  const { file: handle } = await native.openSafetensors(file);
  await refused('no such tensor', () => Promise.resolve().then(() => native.safetensorsBuffer(handle, 1)));
  // The kernel says 4096 bytes of files that it makes up when they are read.
  const shorter = '/sys/devices/system/cpu/online';
  if (existsSync(shorter)) await refused('a file that ends early', () => readSafetensors(shorter));
  const sparse = `/dev/shm/palimpsest-${process.pid}`;
  try {
    writeFileSync(sparse, '');
    truncateSync(sparse, TOO_LARGE);
    await refused('more than there are addresses', () => readSafetensors(sparse));
  } catch {
    // No file system here takes such a length.
  } finally {
    rmSync(sparse, { force: true });
  }
  await changing(join(folder, 'changing'));
  await withoutMemory(file);
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function change(path: string): never {
  const file = openSync(path, 'r+');
  parentPort?.postMessage('changing');
  try {
    for (;;) {
      ftruncateSync(file, MAPPED_BYTES + 4096);
      ftruncateSync(file, MAPPED_BYTES);
    }
  } finally {
    closeSync(file);
  }
}

if (isMainThread) void main(process.argv[2] ?? '');
else change(workerData as string);
