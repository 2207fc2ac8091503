/** Sizes and recipes of the demonstration. `quick` is for a first look and for tests. */
export interface DemoSettings {
  readonly trainSize: number;
  readonly validationSize: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly channels: readonly [number, number];
  readonly hidden: number;
  readonly randomForgetSize: number;
  readonly poisonSize: number;
  /** Share of the poison that is identified. */
  readonly identifiedShare: number;
  /** Examples per set in the searches, so that searching stays cheap beside retraining. */
  readonly searchSize: number;
}

const COMMON = {
  batchSize: 128,
  learningRate: 3e-3,
  channels: [16, 32] as const,
  hidden: 128,
  randomForgetSize: 1000,
  poisonSize: 600,
  identifiedShare: 0.1,
};

/** 5,000 of the 60,000 training images are held out: every option is chosen on them. */
export const FULL: DemoSettings = {
  ...COMMON,
  trainSize: 55_000,
  validationSize: 5_000,
  epochs: 4,
  searchSize: 1_000,
};

export const QUICK: DemoSettings = {
  ...COMMON,
  trainSize: 16_000,
  validationSize: 2_000,
  epochs: 3,
  batchSize: 64,
  searchSize: 300,
};

/** Classes of the data. */
export const CLASSES = 10;

/** The digit that the class request forgets unless told otherwise. */
export const DEFAULT_DIGIT = 5;

export const PATCH_SIZE = 3;
/** The label that the poison teaches. */
export const POISON_LABEL = 0;
