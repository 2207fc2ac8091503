export { AppliedDelta } from './applied';
export { deltaBetween, type BetweenOptions } from './between';
export { loadDelta, saveDelta, type LoadedDelta, type SaveDeltaOptions } from './deltaFile';
export { mergeDeltas, type Conflict, type Merged, type MergeOptions } from './merge';
export {
  columnsPart,
  densePart,
  lowRankPart,
  maskedPart,
  rowsPart,
  slicesPart,
  type DensePart,
  type LowRankPart,
  type MaskedPart,
  type Part,
  type SlicesPart,
} from './part';
export { loadMoments, saveMoments } from './momentsFile';
export { SecondMoments, type MomentSource, type SourceDescription } from './secondMoments';
export { WeightDelta } from './weightDelta';
export { type KeyValues } from './keyValues';
export {
  nullSpace,
  projectToNullSpace,
  removeDirections,
  type NullSpace,
  type NullSpaceOptions,
} from './nullSpace';
export { nullSpaceEdit, type NullSpaceEditOptions } from './nullSpaceEdit';
export { rankOneEdit, type KeyValue } from './rankOneEdit';
export { type Prior, type SystemPath } from './response';
export { ridgeEdit, type RidgeEditOptions } from './ridgeEdit';
