/** Sentences in pairs of like meaning; those of different pairs have little in common. */
export const SENTENCES = [
  'How old are you?',
  'What is your age?',
  'The cat sleeps on the warm windowsill.',
  'A kitten is napping by the window.',
  'Shares fell sharply after the bank announced its losses.',
  'The stock market dropped when the lender reported a deficit.',
  'Bake the bread for forty minutes in a hot oven.',
  'The loaf needs two thirds of an hour in the oven.',
] as const;
