import type { Tensor } from '../../graph/tensor';
import { layer, type Layer } from '../layer';

/**
 * One after the other: layers, whose parameters are named by their place (`0.weight`, `2.weight`), and functions without
 * parameters, which have a place too, as in PyTorch.
 *
 * @example
 * nn.sequential(nn.linear(784, 128), relu, nn.linear(128, 10));
 */
export const sequential = (...steps: readonly (Layer | ((x: Tensor) => Tensor))[]): Layer =>
  layer(
    steps.map((step) => (typeof step === 'function' ? undefined : step)),
    (bound, x: Tensor) =>
      steps.reduce((h, step, i) => (typeof step === 'function' ? step(h) : (bound[i]?.(h) ?? h)), x),
  );
