import { DTypeError, PalimpsestError, ShapeError } from '../errors';
import { checkTensors } from '../graph/call';
import { tensor } from '../graph/create';
import { defineOp, single } from '../graph/op';
import { checkShape, formatShape, sameShape } from '../graph/shape';
import type { Spec, Tensor } from '../graph/tensor';
import { full } from '../ops/elementwise/arithmetic';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';

/** Throws unless the tensor is a key: int32 [2]. */
export function checkKey(where: string, key: Spec): void {
  checkTensors(where, { key });
  const { shape, dtype } = key;
  if (dtype !== 'int32')
    throw new DTypeError(`${where}: a key is int32, got ${dtype}; make one with key(seed)`);
  if (!sameShape(shape, [2]))
    throw new ShapeError(`${where}: a key has shape [2], got ${formatShape(shape)}`);
}

/**
 * The key of a stream of random numbers. All randomness comes from keys that are passed on: the same key gives the same
 * bits, on any number of threads. Keys are tensors, so compiled functions take them like other arguments.
 *
 * @example
 * const weights = normal(key(7), [256, 128], { deviation: 0.02 });
 * @throws PalimpsestError ERR_VALUE unless the seed is an integer from 0 to 2^53 - 1.
 */
export function key(seed: number): Tensor {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PalimpsestError('ERR_VALUE', `key: a seed is an integer from 0 to 2^53 - 1, got ${seed}`);
  }
  return tensor(Int32Array.of(seed | 0, Math.floor(seed / 2 ** 32)));
}

const splitKeyOp = defineOp<{ count: number }>('splitKey', {
  infer: ([parent], { count }) => {
    checkKey('splitKey', parent);
    return { shape: [count, 2], dtype: 'int32' };
  },
  lower: { kernel: 'splitKey' },
  constant: true,
});

/** Each is a tensor of its own, and more would not fit into JavaScript's memory; `foldKey` gives any number one by one. */
const MOST_KEYS = 2 ** 20;

/**
 * New keys, each int32 [2], that have nothing to do with each other nor with what is drawn from their parent.
 *
 * @example
 * const [weights, noise] = splitKey(key(7), 2);
 */
export function splitKey(parent: Tensor, count?: 2): [Tensor, Tensor];
export function splitKey(parent: Tensor, count: number): Tensor[];
export function splitKey(parent: Tensor, count = 2): Tensor[] {
  checkKey('splitKey', parent);
  checkShape('splitKey', [count, 2]);
  if (count > MOST_KEYS) throw new ShapeError(`splitKey: at most ${MOST_KEYS} keys at a time, got ${count}`);
  const rows = single(splitKeyOp([parent], { count }));
  return Array.from({ length: count }, (_, i) => reshape(slice(rows, { starts: [i], stops: [i + 1] }), [2]));
}

const foldKeyOp = defineOp('foldKey', {
  infer: ([parent, index]) => {
    checkKey('foldKey', parent);
    if (index.dtype !== 'int32') throw new DTypeError(`foldKey: an int32 index expected, got ${index.dtype}`);
    if (index.shape.length > 0)
      throw new ShapeError(`foldKey: one index expected, got ${formatShape(index.shape)}`);
    return { shape: [2], dtype: 'int32' };
  },
  lower: { kernel: 'foldKey' },
  constant: true,
});

/**
 * The key number `index` of a parent: one per batch or step, without knowing how many there will be. Unrelated to the keys
 * of `splitKey`. An int32 tensor without axes may be given instead of a number.
 */
export function foldKey(parent: Tensor, index: number | Tensor): Tensor {
  checkKey('foldKey', parent);
  if (typeof index === 'number' && (index | 0) !== index) {
    throw new PalimpsestError('ERR_VALUE', `foldKey: an int32 index expected, got ${index}`);
  }
  return single(foldKeyOp([parent, typeof index === 'number' ? full([], index, 'int32') : index], {}));
}
