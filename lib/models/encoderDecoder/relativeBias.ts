import { tensor } from '../../graph/create';
import type { Tensor } from '../../graph/tensor';
import { embedding } from '../../ops/indexing/embedding';
import { expandDims } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';

/** How distances between steps share the rows of a table. */
export interface BucketRule {
  readonly count: number;
  /** From this distance on all share the last row. */
  readonly farthest: number;
}

/**
 * What is added to the scores of all heads, [1, H, T, T]: rows of a table [buckets, H] by the distance of key and query (T5, Raffel et
 * al. 2020). Half of the rows are for single distances, the others for distances that grow like powers.
 */
export function relativeBias(table: Tensor, steps: number, isCausal: boolean, rule: BucketRule): Tensor {
  const buckets = new Int32Array(steps * steps);
  for (let query = 0; query < steps; query++) {
    for (let key = 0; key < steps; key++)
      buckets[query * steps + key] = bucketOf(key - query, isCausal, rule);
  }
  return expandDims(transpose(embedding(table, tensor(buckets, { shape: [steps, steps] })), [2, 0, 1]), 0);
}

/** The row for a key so far behind its query; in both directions, those ahead have the upper half. */
export function bucketOf(distance: number, isCausal: boolean, { count, farthest }: BucketRule): number {
  const half = isCausal ? count : Math.floor(count / 2);
  const offset = !isCausal && distance > 0 ? half : 0;
  const far = isCausal ? Math.max(-distance, 0) : Math.abs(distance);
  const exact = Math.floor(half / 2);
  if (far < exact) return offset + far;
  // In float32 step by step, as the reference has it: at the edges of rows a bit decides.
  const { fround, log, trunc } = Math;
  const share = fround(fround(log(fround(far / exact))) / fround(log(farthest / exact)));
  return offset + Math.min(exact + trunc(fround(share * (half - exact))), half - 1);
}
