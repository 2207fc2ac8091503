import { applied, floats, multiplyAdds, type Family } from '../row';

const [EXAMPLES, HEADS, STEPS, WIDTH] = [2, 12, 1024, 64] as const;
const rows = floats(EXAMPLES, HEADS, STEPS, WIDTH);
const sharedRows = floats(EXAMPLES, 3, STEPS, WIDTH);
const perQuery = floats(EXAMPLES, HEADS, STEPS);
/** A product of queries and keys, each with each. */
const product = multiplyAdds(EXAMPLES, HEADS, STEPS, STEPS, WIDTH);
const rule = { scale: 1 / 8, softCap: 0, causal: false, window: 0, prefix: 0, hasBias: false };

/** Attention over sequences, as in the transformers of language. */
export const attentions: Family = {
  name: 'attention',
  about: 'heads of width 64 over 1024 steps; what counts is the products, of which causal ones make half',
  rows: [
    {
      kernel: 'attention',
      detail: 'of all steps',
      inputs: [rows, rows, rows],
      run: (inputs) => applied('attention', inputs, rule),
      flops: 2 * product,
    },
    {
      kernel: 'attention',
      detail: 'causal, keys shared by 4 heads',
      inputs: [rows, sharedRows, sharedRows],
      run: (inputs) => applied('attention', inputs, { ...rule, causal: true }),
      flops: product,
    },
    {
      kernel: 'attentionGrad',
      detail: 'of all steps',
      inputs: [rows, rows, rows, rows, perQuery, perQuery],
      run: (inputs) => applied('attentionGrad', inputs, rule),
      flops: 5 * product,
    },
    {
      kernel: 'rotary',
      detail: 'of halves',
      inputs: [rows, floats(STEPS, WIDTH / 2), floats(STEPS, WIDTH / 2)],
      run: (inputs) => applied('rotary', inputs, { interleaved: false }),
    },
  ],
};
