// Compiled, not run: the types of the package as a strict consumer sees them.
import { grad, matmul, sum, tensor, type Tensor } from 'palimpsest';
import { ssd } from 'palimpsest/unlearn';
import * as report from 'palimpsest/report';

export const product: Tensor = matmul(tensor([[1, 2]]), tensor([[3], [4]]));
export const gradient: Tensor = grad((weight: Tensor) => sum(weight))(product);
export const methods: readonly unknown[] = [ssd, report];
