export { linear, matmul } from './matmul';
