import type { Tensor } from '../graph/tensor';

/** Who looks into a forward pass: what `at` gives back goes on in the place of the value. The hooks of a model are one. */
export interface Watch {
  at(name: string, value: Tensor): Tensor;
  /** Whether this name is read; values that nothing else needs (attention patterns) are only made for that. */
  isRead(name: string): boolean;
  /** Whether this name is replaced. */
  isPatched(name: string): boolean;
}

/** The value itself where nobody looks. */
export const watched = (watch: Watch | undefined, name: string, value: Tensor): Tensor =>
  watch ? watch.at(name, value) : value;

/** For a part of a layer, whose names are below this path. */
export const below = (watch: Watch | undefined, path: string): Watch | undefined =>
  watch && {
    at: (name, value) => watch.at(`${path}.${name}`, value),
    isRead: (name) => watch.isRead(`${path}.${name}`),
    isPatched: (name) => watch.isPatched(`${path}.${name}`),
  };
