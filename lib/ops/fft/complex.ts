import { ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { formatShape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, mul, neg, square, sub, zerosLike } from '../elementwise/arithmetic';
import { sqrt } from '../elementwise/math';
import { checkFloats } from '../floats';
import { inFloat32 } from '../inFloat32';
import { rootOrZero } from '../reduce/rootOrZero';
import { stack } from '../shape/concat';
import { reshape } from '../shape/reshape';
import { slice } from '../shape/slice';

// A complex number is a last axis of two: the real and the imaginary part, as they lie in the memory of other libraries.

/** Throws unless the last axis is that of complex numbers. */
export function checkComplex(where: string, x: Spec): void {
  checkFloats(where, x);
  if (x.shape.length >= 1 && x.shape.at(-1) === 2) return;
  throw new ShapeError(
    `${where}: complex numbers [..., 2] expected, a real and an imaginary part, got ${formatShape(x.shape)}`,
  );
}

/**
 * Complex numbers [..., 2] from real and imaginary parts [...]. Without imaginary parts these are 0.
 *
 * @throws ShapeError unless both have one shape; DTypeError unless both have one float dtype.
 */
export function complex(real: Tensor, imaginary?: Tensor): Tensor {
  checkTensors('complex', imaginary === undefined ? { real } : { real, imaginary });
  checkFloats('complex', real, ...(imaginary ? [imaginary] : []));
  return stack([real, imaginary ?? zerosLike(real)], { axis: -1 });
}

function part(where: string, z: Tensor, which: 0 | 1): Tensor {
  checkTensors(where, { z });
  checkComplex(where, z);
  const axis = z.shape.length - 1;
  const starts = z.shape.map((_, i) => (i === axis ? which : 0));
  const stops = z.shape.map((own, i) => (i === axis ? which + 1 : own));
  return reshape(slice(z, { starts, stops }), z.shape.slice(0, -1));
}

/** The real parts [...] of complex numbers [..., 2]. @throws ShapeError for any other last axis. */
export const realPart = (z: Tensor): Tensor => part('realPart', z, 0);

/** The imaginary parts [...] of complex numbers [..., 2]. @throws ShapeError for any other last axis. */
export const imaginaryPart = (z: Tensor): Tensor => part('imaginaryPart', z, 1);

/** The conjugates of complex numbers [..., 2]. @throws ShapeError for any other last axis. */
export const conjugate = (z: Tensor): Tensor =>
  stack([part('conjugate', z, 0), neg(part('conjugate', z, 1))], { axis: -1 });

/** The products of complex numbers [..., 2], with broadcasting. @throws ShapeError unless both are complex. */
export function complexMul(a: Tensor, b: Tensor): Tensor {
  checkTensors('complexMul', { a, b });
  const parts = (z: Tensor): Tensor[] => [part('complexMul', z, 0), part('complexMul', z, 1)];
  const [ar, ai, br, bi] = [...parts(a), ...parts(b)] as [Tensor, Tensor, Tensor, Tensor];
  return stack([sub(mul(ar, br), mul(ai, bi)), add(mul(ar, bi), mul(ai, br))], { axis: -1 });
}

/** The absolute values [...] of complex numbers [..., 2]; their gradient at 0 is 0. @throws ShapeError unless complex. */
export function complexAbs(z: Tensor): Tensor {
  checkTensors('complexAbs', { z });
  checkComplex('complexAbs', z);
  return inFloat32((x) => rootOrZero(complexSquaredAbs(x), sqrt), z);
}

/** The squared absolute values [...] of complex numbers [..., 2], differentiable everywhere. @throws ShapeError. */
export const complexSquaredAbs = (z: Tensor): Tensor =>
  add(square(part('complexSquaredAbs', z, 0)), square(part('complexSquaredAbs', z, 1)));
