export { attention, attentionWithPattern, type AttentionOptions } from './attention';
