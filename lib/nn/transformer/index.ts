export { bertBlock } from './bertBlock';
export { feedForward } from './feedForward';
export { gpt2Block } from './gpt2Block';
export { llamaBlock } from './llamaBlock';
export { multiHeadAttention } from './multiHeadAttention';
export { transformerBlock } from './transformerBlock';
