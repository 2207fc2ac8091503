import { existsSync } from 'node:fs';
import { join } from 'node:path';

import load = require('node-gyp-build');

import { AbortedError, fromNative, PalimpsestError } from './errors';

declare const handle: unique symbol;
/** Native objects as JavaScript holds them: opaque, told apart by their kind. */
export type BufferHandle = { readonly [handle]: 'buffer' };
export type ProgramHandle = { readonly [handle]: 'program' };
export type TaskHandle = { readonly [handle]: 'task' };
export type FileHandle = { readonly [handle]: 'file' };

interface Started<T> {
  readonly promise: Promise<T>;
  readonly task: TaskHandle;
}

export interface SafetensorsListing {
  readonly file: FileHandle;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
  }[];
  readonly metadata: readonly (readonly [string, string])[];
}

/** Counters of the engine of this environment, in bytes unless the name says otherwise. */
export interface MemoryCounters {
  /** Held by tensors and running programs. */
  readonly liveBytes: number;
  /** The largest `liveBytes` since the last `resetPeakMemory`. */
  readonly peakBytes: number;
  /** Freed and kept for the next request, and by what blocks in use are larger than was asked for. */
  readonly cachedBytes: number;
  /** Buffers that JavaScript holds. */
  readonly handles: number;
  /** Their size: what the garbage collector has been told of. */
  readonly handleBytes: number;
  /** All memory outside the JavaScript heap that the collector has been told of, array buffers and others' included. */
  readonly externalBytes: number;
}

interface Addon {
  kernelNames(): string[];
  elementwiseNames(): string[];
  createBuffer(source: ArrayBufferView): BufferHandle;
  borrowBuffer(source: ArrayBufferView): BufferHandle;
  arrayOf(buffer: BufferHandle): ArrayBuffer | undefined;
  copyBuffer(buffer: BufferHandle): Started<BufferHandle>;
  readBuffer(buffer: BufferHandle, byteOffset: number, target: ArrayBufferView): void;
  viewBuffer(buffer: BufferHandle, byteOffset: number, byteLength: number): BufferHandle;
  releaseBuffer(buffer: BufferHandle): boolean;
  createProgram(code: Float64Array): ProgramHandle;
  runProgram(
    program: ProgramHandle,
    inputs: readonly BufferHandle[],
    onProgress: ((done: number, total: number) => void) | undefined,
  ): Started<BufferHandle[]>;
  profileProgram(
    program: ProgramHandle,
    inputs: readonly BufferHandle[],
    onProgress: ((done: number, total: number) => void) | undefined,
  ): Started<{ readonly outputs: BufferHandle[]; readonly times: Float64Array }>;
  cancelTask(task: TaskHandle): void;
  openSafetensors(path: string): Started<SafetensorsListing>;
  safetensorsBuffer(file: FileHandle, tensor: number): BufferHandle;
  memory(): MemoryCounters;
  capacityOf(bytes: number): number;
  resetPeak(): void;
  trimCache(): void;
  setMemoryLimit(bytes: number): void;
  setThreads(count: number): void;
  threads(): number;
}

/** PALIMPSEST_ADDON names another build of the addon: the sanitizer runs use it. */
function loadAddon(): Addon {
  const override = process.env.PALIMPSEST_ADDON;
  try {
    if (override !== undefined && override !== '') return require(override) as Addon;
    return load(join(__dirname, '..')) as Addon;
  } catch (cause) {
    const tried = ['build/Release', `prebuilds/${process.platform}-${process.arch}`]
      .map((folder) => `${folder} (${existsSync(join(__dirname, '..', folder)) ? 'present' : 'missing'})`)
      .join(', ');
    throw new PalimpsestError(
      'ERR_IO',
      `palimpsest: the native addon could not be loaded; tried ${tried}. ` +
        'A prebuilt addon needs glibc 2.35 or newer; a source build needs g++, cmake and OpenBLAS: npm run setup',
      { cause },
    );
  }
}

const addon = loadAddon();

/** Calls into the addon with its errors turned into ours. */
function call<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw fromNative(error);
  }
}

async function settled<T>(started: () => Started<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal?.aborted === true)
    throw new AbortedError('the run was aborted before it began', { cause: signal.reason });
  const { promise, task } = call(started);
  const cancel = (): void => addon.cancelTask(task);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await promise;
  } catch (error) {
    throw fromNative(error);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** Numbers of kernels and elementwise operations by name, as programs use them. */
export const kernelNumbers: ReadonlyMap<string, number> = new Map(
  addon.kernelNames().map((name, i) => [name, i]),
);
export const elementwiseNumbers: ReadonlyMap<string, number> = new Map(
  addon.elementwiseNames().map((name, i) => [name, i]),
);

export const native = {
  createBuffer: (source: ArrayBufferView): BufferHandle => call(() => addon.createBuffer(source)),
  /** A buffer in the view's own memory. */
  borrowBuffer: (source: ArrayBufferView): BufferHandle => call(() => addon.borrowBuffer(source)),
  /** The bytes of a buffer themselves, not to be written; undefined where they have to be copied. */
  arrayOf: (buffer: BufferHandle): ArrayBuffer | undefined => call(() => addon.arrayOf(buffer)),
  /** A copy, made off the JavaScript thread. */
  copyBuffer: (buffer: BufferHandle, signal?: AbortSignal): Promise<BufferHandle> =>
    settled(() => addon.copyBuffer(buffer), signal),
  readBuffer: (buffer: BufferHandle, byteOffset: number, target: ArrayBufferView): void =>
    call(() => addon.readBuffer(buffer, byteOffset, target)),
  /** A handle to some of the bytes of a buffer, which it keeps alive. */
  viewBuffer: (buffer: BufferHandle, byteOffset: number, byteLength: number): BufferHandle =>
    call(() => addon.viewBuffer(buffer, byteOffset, byteLength)),
  releaseBuffer: (buffer: BufferHandle): boolean => call(() => addon.releaseBuffer(buffer)),
  createProgram: (code: Float64Array): ProgramHandle => call(() => addon.createProgram(code)),
  runProgram: (
    program: ProgramHandle,
    inputs: readonly BufferHandle[],
    signal?: AbortSignal,
    onProgress?: (done: number, total: number) => void,
  ): Promise<BufferHandle[]> => settled(() => addon.runProgram(program, inputs, onProgress), signal),
  /** Runs a program; `times` are the begin and the end of every instruction, in nanoseconds from the start. */
  profileProgram: (
    program: ProgramHandle,
    inputs: readonly BufferHandle[],
    signal?: AbortSignal,
    onProgress?: (done: number, total: number) => void,
  ): Promise<{ readonly outputs: BufferHandle[]; readonly times: Float64Array }> =>
    settled(() => addon.profileProgram(program, inputs, onProgress), signal),
  /** How many bytes the allocator hands out for a request. */
  capacityOf: (bytes: number): number => call(() => addon.capacityOf(bytes)),
  openSafetensors: (path: string): Promise<SafetensorsListing> =>
    settled(() => addon.openSafetensors(path), undefined),
  safetensorsBuffer: (file: FileHandle, tensor: number): BufferHandle =>
    call(() => addon.safetensorsBuffer(file, tensor)),
};

/** What the engine of this environment holds, right now. */
export function memory(): MemoryCounters {
  return addon.memory();
}

/** Starts a new measurement of `memory().peakBytes`. */
export function resetPeakMemory(): void {
  addon.resetPeak();
}

/** Returns freed blocks, which are kept for reuse otherwise, to the system. */
export function trimMemory(): void {
  addon.trimCache();
}

/**
 * Sets the number of live bytes beyond which an evaluation fails with `ERR_OUT_OF_MEMORY`; 0 for no limit (the default).
 * @throws PalimpsestError ERR_ARGUMENT unless `bytes` is a non-negative safe integer.
 */
export function setMemoryLimit(bytes: number): void {
  call(() => addon.setMemoryLimit(bytes));
}

/**
 * Sets how many threads the programs of this environment use. The default is the number of processors of the machine, or
 * PALIMPSEST_THREADS. Results are the same bits for any number.
 * @throws PalimpsestError ERR_ARGUMENT unless `count` is an integer from 1 to 1024.
 */
export function setThreads(count: number): void {
  call(() => addon.setThreads(count));
}

/** How many threads the programs of this environment use. */
export function threads(): number {
  return addon.threads();
}
