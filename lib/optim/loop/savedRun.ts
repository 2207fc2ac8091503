import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { FormatError } from '../../errors';
import { formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { mapTree } from '../../graph/tree';
import { atomicFolder, recoverFolder } from '../../io/atomicFolder';
import { atomicWrite } from '../../io/atomicWrite';
import { readBytes } from '../../io/readBytes';
import { readSafetensors } from '../../io/safetensors';
import { parseStrictJson } from '../../io/strictJson';
import { writeSafetensors } from '../../io/writeSafetensors';
import type { Moment } from './steps';

const TENSORS = 'state.safetensors';
const POSITION = 'position.json';
const FORMAT = 'palimpsest training run 1';

/** Where a run is: everything that is no tensor. */
export interface Position {
  /** Steps taken, and batches used for them. */
  readonly step: number;
  readonly batchCount: number;
  /** The epoch to go on with, and how many of its batches are used. */
  readonly epoch: number;
  readonly batch: number;
  /** The lowest score so far (null: none), and how many since have not been lower. */
  readonly bestScore: number | null;
  readonly scoresSinceBest: number;
  /** The run has ended before its last epoch. */
  readonly stopped: boolean;
}

/** What must be the same when a run goes on. */
export interface RunIdentity {
  readonly seed: number;
  readonly accumulate: number;
}

const START: Position = {
  step: 0,
  batchCount: 0,
  epoch: 0,
  batch: 0,
  bestScore: null,
  scoresSinceBest: 0,
  stopped: false,
};
export const startPosition = (): Position => START;

/** The tensors of a run by name, in the order of the tree. */
function namedTensors(moment: Moment<unknown>): [string, Tensor][] {
  const named: [string, Tensor][] = [];
  mapTree(moment, (tensor, path) => {
    named.push([path, tensor]);
    return tensor;
  });
  return named;
}

/** Writes a run as a folder, whole or not at all. */
export async function saveRun(
  folder: string,
  moment: Moment<unknown>,
  position: Position,
  identity: RunIdentity,
  signal: AbortSignal | undefined,
): Promise<void> {
  await atomicFolder(
    folder,
    async (temporary) => {
      await writeSafetensors(join(temporary, TENSORS), namedTensors(moment), { signal });
      const text = JSON.stringify({ format: FORMAT, ...identity, ...position }, null, 2);
      await atomicWrite(join(temporary, POSITION), `${text}\n`, { signal });
    },
    { signal },
  );
}

/**
 * Reads a run back into the shape of `like`; null when there is none.
 * @throws FormatError that names the file and the field or tensor that does not fit.
 */
export async function loadRun<P>(
  folder: string,
  like: Moment<P>,
  identity: RunIdentity,
  signal: AbortSignal | undefined,
): Promise<{ readonly moment: Moment<P>; readonly position: Position } | null> {
  await recoverFolder(folder);
  const path = join(folder, POSITION);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return null;
  const text = (await readBytes(path, signal)).toString('utf8');
  const position = positionOf(parseStrictJson(text, `'${path}'`), identity, path);
  const file = await readSafetensors(join(folder, TENSORS));
  const wanted = namedTensors(like);
  if (file.entries.length !== wanted.length) {
    throw new FormatError(
      `'${file.path}': ${wanted.length} tensors expected for this optimiser and these parameters, got ${file.entries.length}`,
    );
  }
  const moment = mapTree(like, (tensor, name) => {
    const saved = file.tensor(name);
    if (saved.dtype !== tensor.dtype || !sameShape(saved.shape, tensor.shape)) {
      throw new FormatError(
        `'${file.path}': '${name}' is ${saved.dtype} ${formatShape(saved.shape)}, ` +
          `expected ${tensor.dtype} ${formatShape(tensor.shape)}`,
      );
    }
    return saved;
  });
  return { moment, position };
}

function positionOf(json: unknown, identity: RunIdentity, path: string): Position {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (fields.format !== FORMAT) throw new FormatError(`'${path}': format '${FORMAT}' expected`);
  for (const [name, value] of Object.entries(identity)) {
    if (fields[name] !== value) {
      throw new FormatError(
        `'${path}': saved with ${name} ${String(fields[name])}, now it is ${String(value)}`,
      );
    }
  }
  const count = (name: keyof Position): number => {
    const value = fields[name];
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw new FormatError(`'${path}': ${name} must be a count, got ${JSON.stringify(value)}`);
  };
  const { bestScore, stopped } = fields;
  if (bestScore !== null && typeof bestScore !== 'number') {
    throw new FormatError(`'${path}': bestScore must be a number or null, got ${JSON.stringify(bestScore)}`);
  }
  if (typeof stopped !== 'boolean') throw new FormatError(`'${path}': stopped must be a boolean`);
  return {
    step: count('step'),
    batchCount: count('batchCount'),
    epoch: count('epoch'),
    batch: count('batch'),
    bestScore,
    scoresSinceBest: count('scoresSinceBest'),
    stopped,
  };
}
