import { PalimpsestError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { matmul } from '../../ops/products/matmul';
import { broadcastTo } from '../../ops/reduce/sum';
import { eye } from '../../ops/shape/triangle';
import { checkSquare } from '../matrices';
import { inverse } from '../solve/solve';

/**
 * Integer powers of matrices a [..., n, n], by repeated squaring; negative ones are powers of the inverse.
 *
 * @throws ShapeError or DTypeError unless a holds square float matrices; PalimpsestError ERR_ARGUMENT unless the exponent is an
 *   integer; for negative ones reading it raises ERR_SINGULAR for a singular matrix.
 */
export function matrixPower(a: Tensor, exponent: number): Tensor {
  checkTensors('matrixPower', { a });
  checkSquare('matrixPower', a);
  if (!Number.isSafeInteger(exponent)) {
    throw new PalimpsestError('ERR_ARGUMENT', `matrixPower: an integer exponent expected, got ${exponent}`);
  }
  if (exponent < 0) return matrixPower(inverse(a), -exponent);
  let power: Tensor | undefined;
  let square = a;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = power ? matmul(power, square) : square;
    if (rest > 1) square = matmul(square, square);
  }
  return power ?? broadcastTo(eye(extent(a.shape, -1), { dtype: a.dtype }), a.shape);
}
