export { fineTune, type FineTuneOptions } from './fineTune';
export { gradientAscent, type GradientAscentHooks, type GradientAscentOptions } from './gradientAscent';
export { unlearningMethods, type MethodEntry } from './registry';
export { retrain } from './retrain';
export { ssd, type SsdData, type SsdOptions, type SsdResult } from './ssd';
export { type Unlearned } from './unlearned';
export { zeroRow, type ZeroRowOptions } from './zeroRow';
