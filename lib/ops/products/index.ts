export { inner, kron, outer, tensordot, vdot, type TensordotOptions } from './contractions';
export { einsum, type ContractionPath, type ContractionStep, type EinsumOptions } from './einsum';
export { linear, matmul } from './matmul';
