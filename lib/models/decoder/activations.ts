import type { Tensor } from '../../graph/tensor';
import { gelu, silu } from '../../ops/elementwise/activations';
import { mul, square } from '../../ops/elementwise/arithmetic';
import { relu, sigmoid, tanh } from '../../ops/elementwise/math';
import type { Fields } from '../checkpoint/fields';

const geluTanh = (x: Tensor): Tensor => gelu(x, { approximate: 'tanh' });

/** Activations by the names that configurations have for them. */
const ACTIVATIONS = {
  relu,
  relu2: (x: Tensor): Tensor => square(relu(x)),
  gelu: (x: Tensor): Tensor => gelu(x),
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  // x sigmoid(1.702 x), as CLIP has it.
  quick_gelu: (x: Tensor): Tensor => mul(x, sigmoid(mul(x, 1.702))),
  silu,
  swish: silu,
  tanh,
} as const;

export type ActivationName = keyof typeof ACTIVATIONS;

export const activationOf = (name: ActivationName): ((x: Tensor) => Tensor) => ACTIVATIONS[name];

/** The activation that a field names. @throws FormatError for an unknown one, listing the known. */
export function readActivation(fields: Fields, name: string, fallback: ActivationName): ActivationName {
  const value = fields.text(name, fallback);
  if (Object.hasOwn(ACTIVATIONS, value)) return value as ActivationName;
  throw fields.refuse(
    name,
    `unknown activation '${value}'; known are ${Object.keys(ACTIVATIONS).join(', ')}`,
  );
}
