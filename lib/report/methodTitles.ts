import type { MethodName } from './result';

const TITLES: Readonly<Record<MethodName, string>> = {
  original: 'Original model',
  ssd: 'Selective synaptic dampening',
  gradientAscent: 'Gradient ascent',
  fineTune: 'Fine-tuning on the rest',
  zeroRow: 'Zeroed output row',
  retrain: 'Retrained from scratch',
};

/** A method as people read it. */
export const methodTitle = (name: MethodName): string => TITLES[name];
