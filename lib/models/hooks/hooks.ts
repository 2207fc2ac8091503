import type { Tensor } from '../../graph/tensor';

/**
 * What a forward pass asks at every named place. Where nothing is replaced, `at` gives back the very tensor it got, so the graph is
 * the same as without hooks, and so are the bits.
 */
export interface Hooks {
  /** What goes on in the place of this value. */
  at(name: string, value: Tensor): Tensor;
  /** Whether this name is read; values that nothing else needs (attention patterns) are only made for that. */
  isRead(name: string): boolean;
  /** Whether this name is replaced. */
  isPatched(name: string): boolean;
  /** A mask of block i besides that of the inputs: bool, broadcasting to [N, H, T, S]. */
  mask(block: number): Tensor | undefined;
  /** Factors for the outputs of the heads of block i, [H]. */
  headScale(block: number): Tensor | undefined;
}

/** A forward pass that nobody looks into. */
export const NO_HOOKS: Hooks = {
  at: (_name, value) => value,
  isRead: () => false,
  isPatched: () => false,
  mask: () => undefined,
  headScale: () => undefined,
};
