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
export {
  rotaryTables,
  type RotaryScaling,
  type RotaryTables,
  type RotaryTablesOptions,
} from './rotaryTables';
