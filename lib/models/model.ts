import type { Parameters } from '../graph/parameters';
import type { Tensor } from '../graph/tensor';

/** Plain JSON data that says how to build a model; `model_type` names the architecture. */
export interface ModelConfig {
  readonly model_type: string;
  readonly [key: string]: unknown;
}

/** A function of parameters and inputs, with parameters for it. */
export interface Model {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  /** Logits [N, classes] for inputs [N, ...shape of one example]. */
  forward(parameters: Parameters, inputs: Tensor): Tensor;
}

/** The same model with other parameters. */
export function withParameters<M extends Model>(model: M, parameters: Parameters): M {
  // Models with more to them than a forward pass make their like themselves.
  if ('withParameters' in model && typeof model.withParameters === 'function') {
    return (model.withParameters as (parameters: Parameters) => M).call(model, parameters);
  }
  return { ...model, parameters, forward: model.forward.bind(model) };
}
