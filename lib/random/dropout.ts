import { OptionError } from '../errors';
import { checkKinds, checkTensors, type Kinds } from '../graph/call';
import type { Tensor } from '../graph/tensor';
import { mul, zerosLike } from '../ops/elementwise/arithmetic';
import { where } from '../ops/elementwise/math';
import { checkFloats } from '../ops/floats';
import { bernoulli } from './draw';
import { checkKey } from './key';

export interface DropoutOptions {
  /** The probability that an element is dropped. Default 0.5, as in PyTorch. */
  readonly rate?: number;
}

const DROPOUT_OPTIONS: Kinds<DropoutOptions> = { rate: 'number' };

/**
 * Dropout (Srivastava et al. 2014): every element is 0 with probability `rate` and divided by `1 - rate` otherwise, so
 * that its expectation stays. The same key drops the same elements, in derivatives too; at evaluation leave it out.
 *
 * @example
 * const kept = dropout(hidden, foldKey(key(7), step), { rate: 0.1 });
 * @throws OptionError unless the rate is from 0 to 1; DTypeError for anything but floats.
 */
export function dropout(x: Tensor, key: Tensor, options: DropoutOptions = {}): Tensor {
  checkTensors('dropout', { x });
  checkKey('dropout', key);
  checkKinds('dropout', options, DROPOUT_OPTIONS);
  const { rate = 0.5 } = options;
  if (!(rate >= 0 && rate <= 1)) throw new OptionError(`dropout: rate must be from 0 to 1, got ${rate}`);
  checkFloats('dropout', x);
  if (rate === 0) return x;
  if (rate === 1) return zerosLike(x);
  const kept = bernoulli(key, x.shape, { probability: 1 - rate });
  return where(kept, mul(x, 1 / (1 - rate)), zerosLike(x));
}
