import { z } from 'zod';

// Options that many methods have. Every method gives its own default and says where it is from.

/** A positive number. */
export const positive = (preset: number, source: string, what: string): z.ZodDefault<z.ZodNumber> =>
  z.number().positive().default(preset).describe(what).meta({ source });

/** A number that is not negative: a weight of a term, which 0 leaves out. */
export const weight = (preset: number, source: string, what: string): z.ZodDefault<z.ZodNumber> =>
  z.number().nonnegative().default(preset).describe(what).meta({ source });

/** A whole number of at least `least`. */
export const whole = (preset: number, source: string, what: string, least = 1): z.ZodDefault<z.ZodInt> =>
  z.int().min(least).default(preset).describe(what).meta({ source });

/** One of several words, the first of which is the default. */
export const oneOf = <const T extends readonly [string, ...string[]]>(
  words: T,
  source: string,
  what: string,
) =>
  z
    .enum(words)
    .default(words[0] as never)
    .describe(what)
    .meta({ source });

export const seedOption = z
  .int()
  .min(0)
  .default(0)
  .describe('Of the order of the examples, and of what is drawn.');

const OURS = 'ours: enough for the digits of the demonstration';

/** What every method that trains on batches has. */
export const trainingOptions = ({
  epochs = 1,
  learningRate = 1e-3,
  batchSize = 128,
  source = OURS,
}: {
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly source?: string;
} = {}) => ({
  epochs: whole(epochs, source, 'Passes over the data.'),
  learningRate: positive(learningRate, source, 'Of the optimiser.'),
  batchSize: whole(batchSize, source, 'Examples of a step.'),
  seed: seedOption,
});

/** How `diagFisher` measures importance. */
export const fisherOption = z
  .strictObject({
    mode: z
      .enum(['example', 'batch'])
      .default('example')
      .describe("Whose gradients are squared: every example's (the Fisher), or every batch's.")
      .meta({ source: "the paper; its code has 'batch'" }),
    batchSize: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Default: 256 in mode 'example', where it only bounds memory, else 64 as in the paper's code.",
      ),
    order: oneOf(
      ['asGiven', 'shuffled'],
      "the paper's code",
      "How batches are cut; matters in mode 'batch'.",
    ),
    labels: oneOf(
      ['true', 'sampled', 'none'],
      'the paper',
      'Whose labels: those of the data, drawn ones, or none.',
    ),
    seed: seedOption,
  })
  .prefault({})
  .describe('How importance is measured.');
