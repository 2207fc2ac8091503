import { describe, PalimpsestError } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { layer, type Layer } from '../layer';

/**
 * One after the other: layers, whose parameters are named by their place (`0.weight`, `2.weight`), and functions without
 * parameters, which have a place too, as in PyTorch.
 *
 * @example
 * nn.sequential(nn.linear(784, 128), relu, nn.linear(128, 10));
 * @throws PalimpsestError ERR_ARGUMENT for what is neither a layer nor a function.
 */
export function sequential(...steps: readonly (Layer | ((x: Tensor) => Tensor))[]): Layer {
  steps.forEach((step: unknown, i) => {
    const isLayer = typeof step === 'object' && step !== null && 'apply' in step && 'parameters' in step;
    if (isLayer || typeof step === 'function') return;
    const what = `nn.sequential: a layer or a function expected at ${i}, got ${describe(step)}`;
    throw new PalimpsestError('ERR_ARGUMENT', what);
  });
  return layer(
    steps.map((step) => (typeof step === 'function' ? undefined : step)),
    (bound, x: Tensor) =>
      steps.reduce((h, step, i) => (typeof step === 'function' ? step(h) : (bound[i]?.(h) ?? h)), x),
  );
}
