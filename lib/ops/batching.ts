import { PalimpsestError } from '../errors';
import type { BatchRule, BatchUse } from '../graph/op';
import { extent, sizeOf, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { broadcastTo } from './reduce/sum';
import { reshape } from './shape/reshape';

// Rules for vmap that many ops share: a batch is one more axis in front.

/** The inputs of the op at some places, all with the batch: those that lack it are repeated. */
export function withBatchAt<A>({ inputs, batched, count }: BatchUse<A>, places: readonly number[]): Tensor[] {
  return places.map((place) => {
    const input = inputs[place];
    if (!input) throw new PalimpsestError('ERR_INTERNAL', `vmap: no input ${place}`);
    return batched[place] ? input : broadcastTo(input, [count, ...input.shape]);
  });
}

const hasBatchElsewhere = <A>({ inputs, batched }: BatchUse<A>, places: readonly number[]): boolean =>
  inputs.some((_, i) => batched[i] && !places.includes(i));

const exchanged = (inputs: readonly Tensor[], places: readonly number[], by: readonly Tensor[]): Tensor[] =>
  inputs.map((input, i) => by[places.indexOf(i)] ?? input);

/** For an op that takes any leading axes, the same on the inputs at `places`; the others are one for the whole batch. */
export const leadingAxes = <A>(...places: readonly number[]): BatchRule<A> =>
  leadingAxesAnd((attributes) => attributes, ...places);

/** The same for an op whose attributes count axes from the front. */
export const leadingAxesAnd =
  <A>(shift: (attributes: A) => A, ...places: readonly number[]): BatchRule<A> =>
  (use) => {
    if (hasBatchElsewhere(use, places)) return null;
    return use.apply(exchanged(use.inputs, places, withBatchAt(use, places)), shift(use.attributes));
  };

/** For an op on many images: those of all members of the batch are so many more images. */
export const moreImages =
  <A>(...places: readonly number[]): BatchRule<A> =>
  (use) => {
    if (hasBatchElsewhere(use, places)) return null;
    const images = withBatchAt(use, places).map(mergeBatch);
    const outputs = use.apply(exchanged(use.inputs, places, images), use.attributes);
    return outputs.map((output, i) => reshape(output, [use.count, ...shapeOf(use, i)]));
  };

/** The shape of output number `which` for one member of the batch. */
export function shapeOf<A>({ outputs }: BatchUse<A>, which: number): Shape {
  return outputs[which]?.shape ?? [];
}

/** [B, N, ...] as [B N, ...] */
export const mergeBatch = (x: Tensor): Tensor =>
  reshape(x, [extent(x.shape, 0) * extent(x.shape, 1), ...x.shape.slice(2)]);

/** The batch in front of exactly `rank` axes, so that what broadcasts from the last axis on still does. */
export const ofRank = (x: Tensor, rank: number): Tensor =>
  reshape(x, [extent(x.shape, 0), ...Array<number>(rank - x.shape.length + 1).fill(1), ...x.shape.slice(1)]);

/** One member's elements in one axis: [B, size]. */
export const flatMembers = (x: Tensor): Tensor => reshape(x, [extent(x.shape, 0), sizeOf(x.shape.slice(1))]);
