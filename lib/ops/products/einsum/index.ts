export { einsum, type EinsumOptions } from './einsum';
export type { ContractionPath, ContractionStep } from './path';
