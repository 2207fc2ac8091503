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
export { loadMoments, saveMoments } from './moments/momentsFile';
export { SecondMoments, type MomentSource, type SourceDescription } from './moments/secondMoments';
export { WeightDelta } from './weightDelta';
export { type KeyValues, type Precision } from './closedForm/keyValues';
export {
  nullSpace,
  projectToNullSpace,
  removeDirections,
  type NullSpace,
  type NullSpaceOptions,
} from './closedForm/nullSpace';
export { nullSpaceEdit, type NullSpaceEditOptions } from './closedForm/nullSpaceEdit';
export { rankOneEdit, type KeyValue, type RankOneEditOptions } from './closedForm/rankOneEdit';
export { type Prior, type SystemPath } from './closedForm/response';
export { ridgeEdit, type RidgeEditOptions } from './closedForm/ridgeEdit';
