import { defineOp } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { identity } from './identity';

const barrierOp = defineOp('barrier', {
  infer: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
  lower: 'barrier',
  vjp: (cotangents) => [...cotangents],
  jvp: (tangents) => {
    const passed = barrier(tangents.filter((tangent) => tangent !== null));
    let next = 0;
    return tangents.map((tangent) => (tangent ? (passed[next++] ?? null) : null));
  },
  batch: 'each',
  decompose: (inputs) => inputs.map((input) => identity(input)),
});

/**
 * The same tensors, such that nothing computed from them is merged with the same computation on the originals: what comes
 * after is computed again. Costs nothing.
 */
export const barrier = (tensors: readonly Tensor[]): readonly Tensor[] =>
  tensors.length === 0 ? [] : barrierOp(tensors, {});
