export type { BatchEncodeOptions, PromptAndAnswer, TokenBatch } from './batch';
export type { ChatMessage, ChatOptions } from './chatTemplate';
export { loadTokenizer } from './load';
export type { SpecialToken, SpecialTokens } from './specialTokens';
export {
  Tokenizer,
  type DecodeOptions,
  type EncodeOptions,
  type Encoding,
  type TokenizerDefaults,
} from './tokenizer';
