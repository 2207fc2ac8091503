import type { Several } from '../../../lib/graph/op';
import type { Tensor } from '../../../lib/graph/tensor';
import { linear, matmul } from '../../../lib/ops/products/matmul';
import { transpose } from '../../../lib/ops/shape/transpose';
import { floats, multiplyAdds, type Family } from '../row';

/** Matrix products: plain, with a transposed operand, batched. */
export const products: Family = {
  name: 'products',
  about: 'matrix products; rows count the multiply-adds of the definition, thin ones the bytes that are read',
  rows: [
    {
      kernel: 'matmul',
      detail: 'square 1024',
      inputs: [floats(1024, 1024), floats(1024, 1024)],
      run: ([a, b]) => matmul(a, b),
      flops: multiplyAdds(1024, 1024, 1024),
    },
    {
      kernel: 'matmul',
      detail: 'layer 1024x768x3072',
      inputs: [floats(1024, 768), floats(3072, 768)],
      run: ([x, w]) => linear(x, w),
      flops: multiplyAdds(1024, 768, 3072),
    },
    {
      kernel: 'matmul',
      detail: 'weight gradient, 32 rows',
      inputs: [floats(32, 3072), floats(32, 768)],
      run: ([g, x]) => matmul(transpose(g), x),
      flops: multiplyAdds(32, 3072, 768),
    },
    {
      kernel: 'matmul',
      detail: '64 of 128x64x128',
      inputs: [floats(64, 128, 64), floats(64, 64, 128)],
      run: ([a, b]) => matmul(a, b),
      flops: multiplyAdds(64, 128, 64, 128),
    },
    ...[1, 8].flatMap((rows) => [
      {
        kernel: 'matmul',
        detail: `${rows} x 4096x4096`,
        inputs: [floats(rows, 4096), floats(4096, 4096)],
        run: ([x, w]: Several<Tensor>) => matmul(x, w),
      },
      {
        kernel: 'matmul',
        detail: `${rows} x 4096x4096 turned`,
        inputs: [floats(rows, 4096), floats(4096, 4096)],
        run: ([x, w]: Several<Tensor>) => linear(x, w),
      },
    ]),
  ],
};
