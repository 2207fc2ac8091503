export { attention, attentionWithPattern, type AttentionOptions } from './attention';
export {
  alibiBias,
  alibiSlopes,
  causalMask,
  paddingMask,
  type AlibiOptions,
  type CausalMaskOptions,
} from './masks';
export { rotary, type RotaryOptions } from './rotary';
export { rotaryTables, type RotaryTables, type RotaryTablesOptions } from './rotaryTables';
export type { RotaryScaling } from './rotaryFrequencies';
