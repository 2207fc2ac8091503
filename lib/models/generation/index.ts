export { contrastiveDecoding, guidance, type Branch, type Combine } from './branches';
export type { Ending } from './endings';
export { generate, generateSteps, type Generated, type GeneratedStep } from './generate';
export type { LanguageModel } from './languageModel';
export type { GenerateOptions } from './options';
export type { LogitProcessor, ScoreContext } from './processors';
export { sequenceLogProbs, type SequenceLogProbs } from './sequenceLogProbs';
