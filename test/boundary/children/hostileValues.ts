import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

import { addon, doubling, isStarted } from './addon';

/** Calls an exported function. */
export const call = (name: string, ...args: unknown[]): unknown => addon[name]!(...args);

const folder = mkdtempSync(join(tmpdir(), 'palimpsest-hostile-'));
export const filePath = join(folder, 'good.safetensors');
const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
const length = Buffer.alloc(8);
length.writeBigUInt64LE(BigInt(header.length));
writeFileSync(filePath, Buffer.concat([length, Buffer.from(header), Buffer.alloc(4)]));

export const buffer = (): unknown => call('createBuffer', new Float32Array(4));
const disposed = (): unknown => {
  const handle = buffer();
  call('releaseBuffer', handle);
  return handle;
};
export const program = (): unknown => call('createProgram', doubling());
export const started = (): { promise: Promise<unknown>; task: unknown } => {
  const answer = call('runProgram', program(), [buffer()]);
  if (!isStarted(answer)) throw new Error('runProgram gave no task');
  // Some of the calls cancel it, and whether it has ended by then is a matter of luck: nobody need wait for that.
  answer.promise.catch(() => undefined);
  return answer;
};
export const opened = async (): Promise<unknown> => {
  const answer = call('openSafetensors', filePath);
  if (!isStarted(answer)) throw new Error('openSafetensors gave no task');
  return ((await answer.promise) as { file: unknown }).file;
};

function detached<V extends ArrayBufferView>(view: V): V {
  structuredClone(null, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}
type Resizable = ArrayBuffer & { resize(bytes: number): void };
const resizable = (bytes: number): Resizable =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, {
    maxByteLength: 1 << 20,
  });
/** A view over a buffer that shrank under it. JavaScript itself counts one that no longer fits as empty. */
function shrunk<V>(view: (buffer: ArrayBuffer) => V, bytes = 65536, left = 8): V {
  const memory = resizable(bytes);
  const over = view(memory);
  memory.resize(left);
  return over;
}
function getter(run: () => unknown): unknown[] {
  const array: unknown[] = [];
  Object.defineProperty(array, 0, { get: run, enumerable: true });
  return array;
}
function growing(): unknown[] {
  const array = getter(() => {
    if (array.length < 1000) array.push(buffer());
    return buffer();
  });
  return array;
}
/** What a getter of the caller's throws must arrive as it is, so it brings its own code. */
const thrown = Object.assign(new Error('thrown by a getter'), { code: 'ERR_OF_CALLER' });

/** What kind of argument a value may stand for; everything else must be refused. */
export type Kind =
  'view' | 'doubles' | 'buffer' | 'program' | 'task' | 'file' | 'buffers' | 'text' | 'number' | 'callback';

export interface Hostile {
  readonly name: string;
  readonly make: (file: unknown) => unknown;
  /** Kinds that may take it without an error. */
  readonly passes?: readonly Kind[];
}

const plain = (name: string, value: unknown, ...passes: Kind[]): Hostile => ({
  name,
  make: () => value,
  passes,
});
const made = (name: string, make: Hostile['make'], ...passes: Kind[]): Hostile => ({ name, make, passes });

export const HOSTILE: readonly Hostile[] = [
  plain('undefined', undefined, 'callback'),
  plain('null', null),
  plain('true', true),
  plain('a text', 'text'),
  plain('a text with a zero', 'good\0bad'),
  plain('half a surrogate pair', '\ud800'),
  plain('a symbol', Symbol('s')),
  plain('a bigint', 1n),
  plain('a function', () => 1, 'callback'),
  plain('an object', {}),
  plain('an object that claims to be a number', { valueOf: () => 1, toString: () => '1' }),
  plain('an empty array', [], 'buffers'),
  plain('NaN', NaN),
  plain('-1', -1),
  plain('0.5', 0.5),
  plain('2^53', 2 ** 53),
  plain('1e308', 1e308),
  plain('Infinity', Infinity),
  made('a disposed handle', disposed),
  made('a buffer handle', buffer, 'buffer'),
  made('a program handle', program, 'program'),
  made('a task handle', () => started().task, 'task'),
  made('a file handle', (file) => file, 'file'),
  made("another addon's handle", () => {
    return (createSecureContext().context as unknown as { _external: unknown })._external;
  }),
  made('an object that inherits from a handle', () => Object.create(buffer() as object)),
  made('a proxy of a handle', () => new Proxy(buffer() as object, {})),
  made('a disposed handle in an array', () => [disposed()]),
  made('a program handle in an array', () => [program()]),
  made('an array with a hole', () => new Array(1)),
  plain('an array of a length of 2^32 - 1', new Array(2 ** 32 - 1)),
  made('a proxy of an array', () => new Proxy([buffer()], {})),
  made('an array with a getter that throws', () =>
    getter(() => {
      throw thrown;
    }),
  ),
  made('an array that grows while it is read', growing),
  made(
    'an array that shrinks while it is read',
    () => {
      const array = getter(() => {
        array.length = 1;
        return buffer();
      });
      array.push(buffer(), buffer());
      return array;
    },
    'buffers',
  ),
  made('an array whose getter disposes', () => {
    const first = buffer();
    const array = [first, null];
    Object.defineProperty(array, 1, { get: () => call('releaseBuffer', first) });
    return array;
  }),
  made('a DataView', () => new DataView(new ArrayBuffer(32)), 'view'),
  made('an ArrayBuffer', () => new ArrayBuffer(32)),
  made('an empty view', () => new Float64Array(0), 'view'),
  made('a Float32Array', () => new Float32Array(4), 'view'),
  made('a BigInt64Array', () => new BigInt64Array(4), 'view'),
  made('a misaligned Uint8Array', () => new Uint8Array(new ArrayBuffer(33), 1, 32), 'view'),
  made('a view of shared memory', () => new Float64Array(new SharedArrayBuffer(64)), 'view'),
  made('a Float64Array of NaN', () => new Float64Array(64).fill(NaN), 'view'),
  made('a detached view', () => detached(new Float64Array(64))),
  made('a detached DataView', () => detached(new DataView(new ArrayBuffer(64)))),
  made('a view whose buffer shrank', () => shrunk((memory) => new Float64Array(memory)), 'view'),
  made(
    'a fixed view whose buffer shrank',
    () => shrunk((memory) => new Float64Array(memory, 0, 8192)),
    'view',
  ),
  made(
    'an offset view whose buffer shrank',
    () => shrunk((memory) => new Float64Array(memory, 4096)),
    'view',
  ),
  made('a DataView whose buffer shrank', () => shrunk((memory) => new DataView(memory)), 'view'),
  made(
    'a fixed DataView whose buffer shrank',
    () => shrunk((memory) => new DataView(memory, 0, 65536)),
    'view',
  ),
  made(
    'an offset DataView whose buffer shrank',
    () => shrunk((memory) => new DataView(memory, 4096, 8)),
    'view',
  ),
  made(
    'an offset DataView that ends with its buffer',
    () => shrunk((memory) => new DataView(memory, 4096)),
    'view',
  ),
];

/** Removes the file that the calls read. */
export const cleanUp = (): void => rmSync(folder, { recursive: true });
